/** A page for a browser: whole in itself, nothing is loaded for it, and nothing but its own style and script runs in it. */
import { createHash } from 'node:crypto'
import { Html, html } from './html.ts'

/** System fonts, dark or light as the system is; one column on a phone. */
const STYLE = `
:root { color-scheme: light dark; --line: #d8dee4; --soft: #57606a; --ground: #f6f8fa; --good: #1a7f37; --bad: #b35900 }
@media (prefers-color-scheme: dark) { :root { --line: #30363d; --soft: #9198a1; --ground: #161b22; --good: #3fb950; --bad: #d29922 } }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 2rem 1.25rem 3rem; max-width: 60rem; font: 15px/1.5 system-ui, sans-serif; overflow-wrap: anywhere }
h1 { margin: 0; font-size: 1.6rem } h1 small { margin-left: .4rem; font-size: .9rem; font-weight: 400; color: var(--soft) }
h2 { margin: 2rem 0 .6rem; font-size: 1.05rem } h2 small { font-weight: 400; color: var(--soft) }
p { margin: .4rem 0 } .soft { color: var(--soft) } .good { color: var(--good) } .bad { color: var(--bad) }
code, pre { font: 13px/1.5 ui-monospace, monospace }
pre { margin: .6rem 0; padding: .8rem 1rem; overflow-x: auto; background: var(--ground); border: 1px solid var(--line); border-radius: 8px; overflow-wrap: normal }
.url { display: flex; gap: .6rem; align-items: center; margin: 1rem 0 0 } .url code { font-size: 15px; padding: .35rem .7rem; background: var(--ground); border: 1px solid var(--line); border-radius: 8px }
button { font: inherit; padding: .3rem .8rem; border: 1px solid var(--line); border-radius: 8px; background: var(--ground); color: inherit; cursor: pointer }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(10.2rem, 1fr)); gap: .7rem; margin: 0 }
dl div { padding: .7rem .9rem; border: 1px solid var(--line); border-radius: 8px } dt { color: var(--soft) } dd { margin: 0; font-size: 1.35rem } dd small { display: block; font-size: .8rem; line-height: 1.35; color: var(--soft) }
.wide { overflow-x: auto } table { border-collapse: collapse; width: 100%; overflow-wrap: normal } th, td { padding: .35rem .9rem .35rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line) } th { font-weight: 400; color: var(--soft) }
ul { display: flex; flex-wrap: wrap; gap: .4rem; margin: 0; padding: 0; list-style: none } li { padding: .1rem .6rem; background: var(--ground); border: 1px solid var(--line); border-radius: 8px }
a { color: inherit }
`

/** Without it the page lacks nothing but the copying. */
const SCRIPT = `
for (const button of document.querySelectorAll('button')) {
  button.hidden = !navigator.clipboard
  button.onclick = () => navigator.clipboard.writeText(button.dataset.copy).then(() => { button.textContent = 'copied' })
}
`

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** Of every answer that is a page. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src ${hashOf(STYLE)}; script-src ${hashOf(SCRIPT)}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
}

// Not within a template: a browser takes only what has the hash, to the last space.
const STYLE_TAG = new Html(`<style>${STYLE}</style>`)
const SCRIPT_TAG = new Html(`<script>${SCRIPT}</script>`)

export const page = (title: string, body: Html): string =>
  `<!doctype html>\n${
    html`<html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${title}</title>
        ${STYLE_TAG}
      </head>
      <body>
        ${body} ${SCRIPT_TAG}
      </body>
    </html> `.text
  }`

/** An address, and a button that copies it. */
export const copied = (text: string): Html =>
  html`<p class="url"><code>${text}</code> <button type="button" data-copy="${text}" hidden>copy</button></p>`
