"""How the report's page looks: light and dark, wide and narrow, on screen and on paper."""

STYLE = """
:root { color-scheme: light dark; --ink: #1b1b1b; --soft: #595959; --paper: #fff; --line: #ddd;
  --shade: #f3f3f3; --link: #0b57a4; --supported: #17693a; --refuted: #a32a1d;
  --undecided: #7a5600; --not_run: #595959; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e4e4; --soft: #a8a8a8; --paper: #16181b;
  --line: #3a3d41; --shade: #25282c; --link: #8cc2ff; --supported: #6fce94; --refuted: #ff9385;
  --undecided: #e5bd5c; --not_run: #a8a8a8; } }
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { font: 16px/1.55 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; margin: 0;
  color: var(--ink); background: var(--paper); }
main { padding: 0 clamp(0.8rem, 2.5vw, 2.2rem) 4rem; max-width: 92rem; min-width: 0; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 1.2rem 0 0.6rem; }
h2 { font-size: 1.25rem; margin: 2.4rem 0 0.6rem; padding-bottom: 0.25rem;
  border-bottom: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.6rem 0 0.5rem; }
h1 + section h2 { margin-top: 0.8rem; }
p, li, blockquote { max-width: 54rem; overflow-wrap: anywhere; }
a { color: var(--link); }
blockquote { margin: 1rem 0; padding: 0.1rem 1rem; border-left: 4px solid var(--undecided); }
code { background: var(--shade); border-radius: 3px; padding: 0 0.25em; font-size: 0.92em; }
nav { font-size: 0.86rem; padding: 0.8rem clamp(0.8rem, 2.5vw, 2.2rem) 0; }
nav ul { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap;
  gap: 0.15rem 0.9rem; }
nav a { text-decoration: none; }
nav a:hover { text-decoration: underline; }
nav .level-3 { display: none; }
details { margin: 2rem 0 0; border-bottom: 1px solid var(--line); }
summary { cursor: pointer; }
summary h2, summary h3 { display: inline-block; margin: 0; border: 0; padding: 0.3rem 0; }
figure { margin: 1.2rem 0 1.8rem; }
img { display: block; height: auto; max-width: 100%; background: #fff; border-radius: 3px; }
figure img { max-width: max(100%, 45rem); }
.still { overflow-x: auto; }
td img { min-width: 6rem; }
.live { display: none; }
.shown .live { display: block; }
.shown > .still { display: none; }
.panels { display: grid; gap: 0.4rem 1rem;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, var(--panel)), 1fr)); }
.panels.lone { grid-template-columns: minmax(0, 44rem); }
.panels > div { min-width: 0; }
.panels .title { font-size: 0.86rem; font-weight: 600; padding-left: 0.6rem; }
.legend { display: flex; flex-wrap: wrap; gap: 0.3rem 0.5rem; margin-bottom: 0.6rem; }
button { font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; }
.legend button { font-size: 0.82rem; border: 1px solid var(--line); border-radius: 1rem;
  padding: 0.1rem 0.7rem; }
.legend button[aria-pressed="false"] { opacity: 0.45; text-decoration: line-through; }
.legend span { font-size: 0.82rem; color: var(--soft); padding: 0.1rem 0.3rem; }
.legend svg { width: 28px; height: 8px; margin-right: 0.4rem; vertical-align: middle; }
th button { text-align: inherit; font-weight: inherit; }
th button:hover { text-decoration: underline; }
[aria-sort="ascending"] button::after { content: "\\2009\\2191"; }
[aria-sort="descending"] button::after { content: "\\2009\\2193"; }
.missing { color: var(--refuted); overflow-wrap: anywhere; }
.scroll { overflow-x: auto; margin: 1rem 0 0.4rem; max-width: 100%;
  background: linear-gradient(to right, var(--paper) 40%, transparent) 0 0 / 3rem 100% no-repeat
      local,
    linear-gradient(to left, var(--paper) 40%, transparent) 100% 0 / 3rem 100% no-repeat local,
    linear-gradient(to right, var(--line), transparent) 0 0 / 0.8rem 100% no-repeat scroll,
    linear-gradient(to left, var(--line), transparent) 100% 0 / 0.8rem 100% no-repeat scroll; }
table { border-collapse: collapse; font-size: 0.77rem; line-height: 1.4;
  font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid var(--line); padding: 0.3rem 0.45rem 0.3rem 0; text-align: left;
  vertical-align: top; }
th { border-bottom: 2px solid var(--soft); vertical-align: bottom; }
.number { text-align: right; }
.number + :not(.number) { padding-left: 0.6rem; }
td.text { min-width: 11rem; }
td code { overflow-wrap: break-word; padding: 0; background: none; }
td.verdict { font-weight: 600; white-space: nowrap; }
.supported { color: var(--supported); }
.refuted { color: var(--refuted); }
.undecided { color: var(--undecided); }
.not_run { color: var(--not_run); }
.badges th, .badges td { border: 0; padding: 0.1rem 1.6rem 0.1rem 0; text-align: left; }
.badges th { font-weight: 400; }
.badges td { font-size: 1.7rem; line-height: 1.1; }
.badges thead { display: table-footer-group; }
.caption { color: var(--soft); font-size: 0.86rem; margin: 0.4rem 0 1.6rem; max-width: 62rem;
  overflow-wrap: anywhere; }
figcaption.caption { margin-bottom: 0; }
@media screen and (max-width: 56rem) {
  .legend { max-height: 12rem; overflow-y: auto; }
  .wide, .wide tbody, .wide tr, .wide td { display: block; }
  .wide thead tr { display: flex; flex-wrap: wrap; gap: 0.2rem 0.9rem; }
  .wide thead::before { content: "sort by"; color: var(--soft); }
  .wide th { border: 0; padding: 0; }
  .wide tbody tr { border-bottom: 2px solid var(--line); padding: 0.5rem 0; }
  .wide td, .wide .number + td { border: 0; padding: 0.05rem 0 0.05rem 9.6rem; text-align: left;
    overflow-wrap: anywhere; white-space: normal; display: flow-root; }
  .wide td:first-child { font-weight: 600; }
  .wide td::before { content: attr(data-title); color: var(--soft); font-weight: 400;
    float: left; width: 9rem; margin-left: -9.6rem; }
  .wide tr:has(img) { display: grid; grid-template-columns: 1fr 1fr; gap: 0.4rem 0.8rem; }
  .wide tr:has(img) td:first-child { grid-column: 1 / -1; }
  .wide td:has(img) { min-width: 0; padding: 0; }
  .wide td:has(img)::before { float: none; display: block; margin: 0; }
  .wide td:empty { display: none; }
  .scroll:has(.wide tbody tr:nth-child(8)) { max-height: 36rem; overflow-y: auto;
    border: 1px solid var(--line); padding: 0 0.6rem; }
}
@media (min-width: 56rem) {
  figure img { max-height: 110vh; object-fit: contain; object-position: left; }
}
@media (min-width: 68rem) {
  body { display: grid; grid-template-columns: 12rem minmax(0, 1fr); }
  nav { position: sticky; top: 0; align-self: start; max-height: 100vh; overflow-y: auto;
    padding: 1.5rem 0 1rem 1.2rem; }
  nav ul { display: block; }
  nav li { margin: 0.3rem 0; }
  nav .level-3 { display: list-item; margin-left: 0.9rem; font-size: 0.94em; }
}
@media print {
  :root { color-scheme: light; --ink: #000; --soft: #444; --paper: #fff; --line: #ccc;
    --shade: #f3f3f3; --link: #000; }
  body { display: block; font-size: 10pt; }
  nav { display: none; }
  main { max-width: none; padding: 0; }
  .scroll { overflow: visible; }
  table { font-size: 7pt; }
  td.text { min-width: 0; }
  .shown .live { display: none; }
  .shown > .still { display: block; }
  figure img { max-width: 100%; }
  figure, thead, tr { break-inside: avoid; }
  thead { display: table-header-group; }
  th button { display: contents; }
  h2, h3, summary { break-after: avoid; }
  details::details-content { content-visibility: visible; block-size: auto; }
}
"""
