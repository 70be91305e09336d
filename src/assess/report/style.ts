/** Of the page. Light and dark follow the reader's system; print is light. */
export const STYLE = `
:root { color-scheme: light dark; --paper: #fff; --ink: #1c2430; --soft: #5b6675; --rule: #d9dee6; --panel: #f5f7fa; --bar: #3b6ea8; --least: #b4540a; --claim: #a3123c; --pass: #14713d; --fail: #a3123c; }
@media (prefers-color-scheme: dark) { :root { --paper: #12161c; --ink: #e4e9f0; --soft: #98a4b3; --rule: #2c343f; --panel: #1a2029; --bar: #6ba1dd; --least: #f0a04b; --claim: #ff7d9c; --pass: #5ccb8b; --fail: #ff7d9c; } }
@media print { :root { color-scheme: light; } figure, section { break-inside: avoid; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 980px; margin: 0 auto; padding: 32px 20px 64px; }
header { border-left: 5px solid var(--bar); padding: 2px 0 2px 18px; margin-bottom: 28px; }
header.pass { border-color: var(--pass); } header.fail { border-color: var(--fail); }
.badge { font-size: 14px; font-weight: 600; margin-left: 12px; padding: 3px 10px; border-radius: 10px; vertical-align: middle; color: var(--paper); background: var(--pass); }
header.fail .badge { background: var(--fail); }
.suite { margin: 0; color: var(--soft); letter-spacing: .02em; }
h1 { margin: 2px 0 6px; font-size: 28px; overflow-wrap: anywhere; }
h2 { margin: 36px 0 8px; font-size: 18px; }
.summary { font-size: 17px; font-weight: 600; margin: 0 0 6px; }
p { margin: 6px 0; max-width: 75ch; }
.warnings { background: var(--panel); border-left: 5px solid var(--least); padding: 1px 18px 8px; }
.warnings h2 { margin-top: 12px; }
ul { padding-left: 18px; margin: 4px 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 14px; }
th, td { text-align: left; padding: 4px 22px 4px 0; border-bottom: 1px solid var(--rule); white-space: nowrap; }
th { color: var(--soft); font-weight: 500; }
figure { margin: 14px 0 22px; }
figcaption { color: var(--soft); font-size: 13px; max-width: 75ch; }
.pictures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(430px, 100%), 1fr)); gap: 4px 28px; align-items: start; }
svg { width: 100%; height: auto; display: block; }
svg text { font: 11px system-ui, sans-serif; fill: var(--soft); }
.bar { fill: var(--bar); } .bar.least { fill: var(--least); }
.pictures svg text { font-size: 14px; }
figure > svg { max-width: 800px; }
.line { fill: none; stroke: var(--bar); stroke-width: 1.3; }
.curve { fill: none; stroke: var(--least); stroke-width: 1.6; }
.axis { stroke: var(--soft); stroke-width: 1; } line.level { stroke: var(--least); stroke-width: 1; stroke-dasharray: 5 4; }
line.claim { stroke: var(--claim); stroke-width: 1.6; stroke-dasharray: 4 3; } text.claim { fill: var(--claim); }
.bits { width: 100%; max-width: 512px; height: auto; image-rendering: pixelated; border: 1px solid var(--rule); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 22px; margin: 0; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
`;
