/** The page at `/`: what this is, how it fares and where things are. Pure. */
import { type BackendState, isUp } from '../../core/backend-state.ts'
import type { Headline } from '../../observe/headline/headline.ts'
import { headlineLines } from '../../observe/headline/headline-text.ts'
import { type Html, html } from './html.ts'
import { copied, page } from './page.ts'

/** What is shown of a gateway that asks for no keys. */
export interface OpenFront {
  readonly backends: readonly FrontBackend[]
  /** Every name that a request may have in `model`. */
  readonly models: readonly string[]
  readonly lastHour: Headline
}

export interface FrontBackend {
  readonly name: string
  readonly kind: string
  readonly state: BackendState
  readonly reason: string | null
  readonly models: number
}

export interface Front {
  readonly version: string
  /** Scheme and host, as the browser has reached it. */
  readonly origin: string
  /** Null: keys are asked for, so neither names nor numbers are shown. */
  readonly open: OpenFront | null
}

export const frontPage = ({ version, origin, open }: Front): string =>
  page(
    'Turnout',
    html`<h1>Turnout <small>${version}</small></h1>
      <p>
        <span class="good">running</span>
        <span class="soft">&middot; one OpenAI-compatible endpoint for engines and clouds</span>
      </p>
      ${copied(`${origin}/v1`)}
      <p class="soft">
        The base URL for any OpenAI SDK${open === null ? html`, with a key of this gateway` : html`; any key will do`}.
      </p>
      ${open === null ? html`` : shown(open)}
      <h2>Try it</h2>
      <pre>${curl(origin, open === null)}</pre>
      <h2>Where things are</h2>
      <div class="wide">
        <table>
          ${LINKS.map(([path, what, keyed]) => linkRow(path, what, keyed && open === null))}
        </table>
      </div>
      <p class="soft">
        The documentation is in the folder <code>docs</code> of the package; <code>turnout help</code> lists the
        commands.
      </p>`,
  )

const LINKS: readonly (readonly [path: string, what: string, keyed: boolean])[] = [
  ['/v1/models', 'names for the field model', true],
  ['/v1/deployments', 'each model of each backend, with price and expectations', true],
  ['/health', 'backends and their states', true],
  ['/health/readiness', 'for a load balancer', false],
  ['/metrics', 'for Prometheus', false],
]

const linkRow = (path: string, what: string, needsKey: boolean): Html =>
  html`<tr>
    <td>${needsKey ? html`<code>${path}</code>` : html`<a href="${path}"><code>${path}</code></a>`}</td>
    <td class="soft">${what}${needsKey ? ', with a key' : ''}</td>
  </tr>`

const curl = (origin: string, keyed: boolean): string =>
  `curl -N ${origin}/v1/chat/completions ${keyed ? `-H "authorization: Bearer $TURNOUT_KEY" ` : ''}\\
  -H 'content-type: application/json' \\
  -d '{"model":"auto","stream":true,"messages":[{"role":"user","content":"Hello"}]}'`

/** More names than fit on a screen are in the list that programs read. */
const MOST_MODELS = 60

function shown({ backends, models, lastHour }: OpenFront): Html {
  const more = models.length - MOST_MODELS
  return html`<h2>The last hour</h2>
    <dl>
      ${headlineLines(lastHour).map(
        ({ name, value, beside }) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${unbroken(value)} <small>${unbroken(beside)}</small></dd>
          </div>`,
      )}
    </dl>
    <h2>Backends</h2>
    ${backends.length === 0 ? html`<p class="soft">none</p>` : backendTable(backends)}
    <h2>Models <small>${models.length}</small></h2>
    <ul>
      ${models.slice(0, MOST_MODELS).map((name) => html`<li><code>${name}</code></li>`)}
    </ul>
    ${more > 0 ? html`<p class="soft">and ${more} more in <a href="/v1/models">/v1/models</a></p>` : html``}`
}

/** A unit stays with its number. */
const unbroken = (text: string): string => text.replace(/(?<=\d) (?=(%|ms|s)(\W|$))/g, '\u00a0')

const backendTable = (backends: readonly FrontBackend[]): Html =>
  html`<div class="wide">
    <table>
      <tr>
        <th>name</th>
        <th>kind</th>
        <th>state</th>
        <th>models</th>
      </tr>
      ${backends.map(
        ({ name, kind, state, reason, models }) =>
          html`<tr>
            <td>${name}</td>
            <td>${kind}</td>
            <td class="${isUp(state) ? 'good' : 'bad'}">${reason === null ? state : `${state}: ${reason}`}</td>
            <td>${models}</td>
          </tr>`,
      )}
    </table>
  </div>`
