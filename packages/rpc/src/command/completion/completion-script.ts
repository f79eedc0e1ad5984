import type { Shell } from './candidate.ts';

/**
 * The script for a shell that completes a program of this name. It asks the program itself, by
 * `NAME __complete <shell> <words…>`, so that it never falls behind; where that has no answer, the
 * shell completes file names.
 */
export function completionScript(shell: Shell, name: string): string {
  return scripts[shell](name);
}

/** Bash takes a colon for the end of a word, so that targets and names come in pieces. */
const bash = (name: string): string => `# ${name} completion for bash
_${name}() {
  local IFS=$'\\n' words=() word i
  local rest=\${COMP_LINE:+\${COMP_LINE:0:COMP_POINT}}
  rest=\${rest:-\${COMP_WORDS[*]:0:COMP_CWORD+1}}
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if ((i == 0)) || [[ $rest == [[:space:]]* ]]; then words+=(""); fi
    rest=\${rest#"\${rest%%[![:space:]]*}"}
    if [[ $rest == "$word"* ]]; then rest=\${rest#"$word"}; else word=$rest rest=; fi
    words[\${#words[@]}-1]+=$word
  done
  COMPREPLY=($("$1" __complete bash "\${words[@]:1}" 2>/dev/null))
  local current=\${words[\${#words[@]}-1]}
  if [[ $current == *:* && $COMP_WORDBREAKS == *:* ]]; then
    COMPREPLY=("\${COMPREPLY[@]#"\${current%"\${current##*:}"}"}")
  fi
}
complete -o default -F _${name} ${name}
`;

const zsh = (name: string): string => `#compdef ${name}
# ${name} completion for zsh
_${name}() {
  local -a candidates
  candidates=("\${(@f)$("\${words[1]}" __complete zsh "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "\${candidates[1]}" ]]; then
    _describe -t ${name} ${name} candidates
  else
    _files
  fi
}
if [[ "\${funcstack[1]}" == _${name} ]]; then _${name} "$@"; else compdef _${name} ${name}; fi
`;

const fish = (name: string): string => `# ${name} completion for fish
function __${name}_complete
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  set -l found ($words[1] __complete fish $words[2..-1] "$current" 2>/dev/null)
  if test (count $found) -gt 0
    string join \\n -- $found
  else
    __fish_complete_path "$current"
  end
end
complete -c ${name} -f -a '(__${name}_complete)'
`;

const scripts: Readonly<Record<Shell, (name: string) => string>> = { bash, zsh, fish };
