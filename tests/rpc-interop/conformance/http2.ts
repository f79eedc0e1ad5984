export async function http2Conformance(): Promise<{
  report: string;
  passed: number;
  failed: number;
}> {
  return { report: '', passed: 0, failed: 0 };
}
