import { connect, type ConnectionOptions } from "./connection.ts";
import { paint, type Terminal } from "./terminal.ts";

/** `springhouse report compliance`: what an assessor of key management would ask about. */
export async function reportCompliance(
  terminal: Terminal,
  options: ConnectionOptions & { readonly json?: boolean },
): Promise<void> {
  const report = await connect(terminal, options).compliance();
  if (options.json) {
    await terminal.write(`${JSON.stringify(report)}\n`);
    return;
  }
  const findings = report.findings.map(
    ({ kind, subject, detail, remedy }) =>
      `${paint(terminal, "yellow", kind)}  ${subject}\n  ${detail}\n  ${remedy}\n`,
  );
  const controls = report.controls.map(
    ({ standard, clause, about, source, feature, tests }) =>
      `${standard} ${clause} (${about}) maps to: ${feature}\n  clause by ${source ?? "memory: look it up"}\n  ${tests.join("\n  ")}\n`,
  );
  const none = "Nothing stands out.\n";
  const found = findings.length > 0 ? findings.join("") : none;
  await terminal.write(`${found}\n${report.statement}\n\n${controls.join("")}`);
}
