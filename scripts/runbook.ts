import { ALERTS } from "../src/telemetry/rules/files.ts";
import { RECORDINGS } from "../src/telemetry/rules/recordings.ts";
import { NOTE, table } from "./markdown.ts";

const SEVERITIES = {
  page: "page: somebody must get up",
  ticket: "ticket: within a working day",
} as const;

/** `dashboards/runbook.md`: a section for each alert, under the heading that the alert's link names. */
export function runbookDocument(): string {
  const rows = ALERTS.map(({ name, severity, summary }) => [
    `[${name}](#${name.toLowerCase()})`,
    severity,
    summary.replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_, label: string) => label.toUpperCase()),
  ]);
  const sections = ALERTS.map((alert) => {
    const { name, severity, expr, for: held, keepFiringFor, meaning, steps, remedy } = alert;
    const when = [
      held === "0m" ? "at once" : `when it holds for ${held}`,
      ...(keepFiringFor ? [`and until it has not held for ${keepFiringFor}`] : []),
    ].join(" ");
    const list = steps.map((step, index) => `${index + 1}. ${step}\n`).join("");
    return `## ${name}\n\n${meaning}\n\n**${remedy}**\n\n${list}\nSeverity: ${SEVERITIES[severity]}. It fires ${when}:\n\n\`\`\`promql\n${expr}\n\`\`\`\n`;
  });
  const recorded = RECORDINGS.map(({ name, expr }) => [`\`${name}\``, `\`${expr}\``]);
  const text =
    "A section for each alert of `rules.yml`. `promtool test rules` tries each on a stretch of time in which it must fire, one in which its cause comes and goes, the first minutes of a sound service and, where there is one, something that looks alike and is no trouble; in none of them may it begin twice.\n\n";
  return `# Runbook\n\n${NOTE}${text}${table(["alert", "severity", "says"], rows)}\n${sections.join("\n")}\n## Recorded series\n\n${table(["name", "what"], recorded)}`;
}
