/** The page at the address of the admin API: what is there and how to call it. It knows nothing of the gateway. Pure. */
import { html } from './html.ts'
import { copied, page } from './page.ts'

export interface ListedRoute {
  readonly method: string
  readonly path: string
}

/** `origin`: scheme and host, as the browser has reached it. */
export const adminPage = (origin: string, version: string, routes: readonly ListedRoute[]): string =>
  page(
    'Turnout: admin API',
    html`<h1>Turnout <small>admin API, ${version}</small></h1>
      ${copied(`${origin}/admin`)}
      <p class="soft">
        Keys, budgets, sessions and backends, for programs: every call needs the token whose hash is
        <code>admin.token</code> of the configuration.
      </p>
      <h2>Call it</h2>
      <pre>${`curl ${origin}/admin/stats -H "authorization: Bearer $TURNOUT_ADMIN_TOKEN"`}</pre>
      <h2>What there is</h2>
      <div class="wide">
        <table>
          ${routes.map(
            ({ method, path }) =>
              html`<tr>
                <td>${method}</td>
                <td><code>${path}</code></td>
              </tr>`,
          )}
        </table>
      </div>
      <p class="soft">
        <code>docs/admin.md</code> describes them; <code>turnout sessions</code>, <code>turnout stats</code> and
        <code>turnout key</code> show the same in a terminal.
      </p>`,
  )
