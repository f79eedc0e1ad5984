import io.grpc.testing.integration.TestServiceClient;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;

/**
 * Many cases of gRPC's own client in one process, a line of JSON for each. The first argument names
 * the cases, separated by commas; the others are the client's.
 */
public final class InteropCases {
  public static void main(String[] arguments) {
    PrintStream results = System.out;
    System.setOut(System.err);
    String[] flags = Arrays.copyOfRange(arguments, 1, arguments.length + 1);
    for (String name : arguments[0].split(",")) {
      flags[flags.length - 1] = "--test_case=" + name;
      String fault = run(flags);
      results.println(
          "{\"case\":\"" + name + "\"" + (fault == null ? "" : ",\"fault\":" + quoted(fault)) + "}");
    }
    System.exit(0);
  }

  private static String run(String[] flags) {
    try {
      TestServiceClient client = new TestServiceClient();
      call(client, "parseArgs", new Class<?>[] {String[].class}, (Object) flags);
      call(client, "setUp", new Class<?>[0]);
      try {
        call(client, "run", new Class<?>[0]);
      } finally {
        call(client, "tearDown", new Class<?>[0]);
      }
      return null;
    } catch (Throwable fault) {
      fault.printStackTrace();
      Throwable deepest = fault;
      while (deepest.getCause() != null) deepest = deepest.getCause();
      return String.valueOf(deepest);
    }
  }

  /** The client's methods are its package's own. */
  private static void call(Object client, String name, Class<?>[] types, Object... values)
      throws Throwable {
    Method method = TestServiceClient.class.getDeclaredMethod(name, types);
    method.setAccessible(true);
    try {
      method.invoke(client, values);
    } catch (InvocationTargetException fault) {
      throw fault.getCause();
    }
  }

  private static String quoted(String text) {
    StringBuilder json = new StringBuilder("\"");
    for (char character : text.toCharArray()) {
      if (character == '"' || character == '\\') json.append('\\').append(character);
      else if (character < ' ') json.append(String.format("\\u%04x", (int) character));
      else json.append(character);
    }
    return json.append('"').toString();
  }
}
