/** Of the page. Light and dark follow the reader's system; print is light. Text has a contrast of 4.5 or more. */
export const STYLE = `
:root { color-scheme: light dark; --paper: #fff; --ink: #1c2430; --soft: #566172; --rule: #d9dee6; --panel: #f5f7fa; --bar: #3b6ea8; --track: #e8edf3; --least: #b4540a; --claim: #a3123c; --pass: #14713d; --fail: #a3123c; }
@media screen and (prefers-color-scheme: dark) { :root { --paper: #12161c; --ink: #e4e9f0; --soft: #9ba7b6; --rule: #2c343f; --panel: #1a2029; --bar: #6ba1dd; --track: #222a35; --least: #f0a04b; --claim: #ff7d9c; --pass: #5ccb8b; --fail: #ff7d9c; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.55 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 980px; margin: 0 auto; padding: 36px 20px 64px; }
header { border-left: 5px solid var(--bar); padding: 2px 0 2px 18px; }
header.pass { border-color: var(--pass); } header.fail { border-color: var(--fail); }
.badge { display: inline-block; font-size: 14px; font-weight: 600; letter-spacing: 0; margin-left: 8px; padding: 3px 11px; border-radius: 10px; vertical-align: middle; color: var(--paper); background: var(--pass); }
header.fail .badge { background: var(--fail); }
.suite { margin: 0; color: var(--soft); }
h1 { margin: 2px 0 6px; font-size: 28px; line-height: 1.25; letter-spacing: -.01em; overflow-wrap: anywhere; }
h2 { margin: 40px 0 8px; font-size: 19px; line-height: 1.3; }
h3 { margin: 18px 0 4px; font-size: 13px; font-weight: 600; color: var(--soft); }
.summary { font-size: 17px; font-weight: 600; margin: 0 0 6px; overflow-wrap: anywhere; }
p { margin: 6px 0; max-width: 72ch; }
dl { margin: 0; } dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
.glance { display: flex; flex-wrap: wrap; gap: 12px 40px; margin: 24px 0 0; padding: 14px 18px; background: var(--panel); border-radius: 6px; }
.glance dt { font-size: 13px; } .glance dd { font-size: 20px; font-weight: 600; font-variant-numeric: tabular-nums; }
.facts > div { display: grid; grid-template-columns: 110px 1fr; gap: 18px; padding: 5px 0; border-bottom: 1px solid var(--rule); }
.warnings { margin-top: 24px; background: var(--panel); border-left: 5px solid var(--least); padding: 1px 18px 10px; }
.warnings h2 { margin-top: 12px; }
ul { padding-left: 18px; margin: 4px 0; }
.wide { overflow-x: auto; }
.wide:focus-visible, summary:focus-visible { outline: 2px solid var(--bar); outline-offset: 2px; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 14px; }
th, td { text-align: left; vertical-align: baseline; padding: 4px 24px 4px 0; border-bottom: 1px solid var(--rule); max-width: 60ch; }
td:first-child { min-width: 14ch; }
th { color: var(--soft); font-weight: 500; white-space: nowrap; }
.n { text-align: right; white-space: nowrap; }
summary { cursor: pointer; color: var(--soft); padding: 4px 0; }
.bars { max-width: 820px; }
.bars ul { list-style: none; padding: 0; margin: 0; }
.bars li, .scale { display: grid; grid-template-columns: 200px 1fr 82px; column-gap: 12px; align-items: center; }
.bars li { line-height: 24px; }
.bars .name { text-align: right; font-size: 14px; white-space: nowrap; } .bars .value { font-size: 14px; font-variant-numeric: tabular-nums; white-space: nowrap; }
.track { position: relative; height: 24px; }
.track::before { content: ""; position: absolute; inset: 6px 0; background: var(--track); border-radius: 2px; }
.fill { position: absolute; left: 0; top: 6px; bottom: 6px; min-width: 1px; background: var(--bar); border-radius: 2px; }
.least .fill { background: var(--least); } .least .name, .least .value { font-weight: 600; }
.claim { position: absolute; top: 0; bottom: 0; border-left: 2px dashed var(--claim); }
.scale { color: var(--soft); font-size: 13px; } .scale .track::before { inset: 0 0 auto; height: 1px; background: var(--soft); }
.low, .high, .claimed { position: absolute; top: 2px; } .low { left: 0; } .high { right: 0; }
.claimed { color: var(--claim); } .claimed b { display: block; transform: translateX(-50%); font-weight: 600; background: var(--paper); padding: 0 4px; white-space: nowrap; }
.pictures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(400px, 100%), 1fr)); gap: 28px 36px; align-items: start; margin-top: 16px; }
figure { margin: 0; }
figcaption { color: var(--soft); font-size: 13.5px; line-height: 1.5; margin-top: 8px; max-width: 62ch; }
figcaption b, .here { color: var(--ink); font-weight: 600; } .here { font-weight: 400; }
svg { width: 100%; height: auto; display: block; }
svg text { font: 12.5px system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; fill: var(--soft); }
svg text.label { fill: var(--ink); } svg text.level { fill: var(--least); paint-order: stroke; stroke: var(--paper); stroke-width: 3px; }
rect.bar { fill: var(--bar); }
.line { fill: none; stroke: var(--bar); stroke-width: 1.2; } .stem { fill: none; stroke: var(--bar); stroke-width: 2.5; }
.curve { fill: none; stroke: var(--least); stroke-width: 1.8; }
.axis { stroke: var(--soft); stroke-width: 1; } .grid { stroke: var(--rule); stroke-width: 1; }
line.level { stroke: var(--least); stroke-width: 1.3; stroke-dasharray: 5 4; }
.bits { display: block; max-width: 100%; height: auto; border: 1px solid var(--rule); }
@media (max-width: 640px) {
  main { padding: 20px 16px 48px; } h1 { font-size: 23px; }
  .bars li { grid-template-columns: 1fr auto; margin-bottom: 4px; } .bars .name { text-align: left; }
  .bars li .track { grid-column: 1 / -1; grid-row: 2; height: 16px; } .bars li .track::before, .bars li .fill { top: 2px; bottom: 2px; }
  .scale { grid-template-columns: 1fr; } .scale .name, .scale .value { display: none; }
  .facts > div { grid-template-columns: 1fr; gap: 0; }
  th, td { padding-right: 14px; }
}
@media print {
  :root { color-scheme: light; } body { font-size: 10.5pt; } main { max-width: none; padding: 0; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  figure, .bars, .glance, .warnings, tr { break-inside: avoid; } h2, h3 { break-after: avoid; } .wide { overflow: visible; }
  .pictures { grid-template-columns: 1fr 1fr; }
  summary { display: none; } details::details-content { content-visibility: visible; block-size: auto; }
}
`;
