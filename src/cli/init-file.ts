/** The text of a first configuration: what was found, and what else there is as comments that hold when they are uncommented. */
import type { Found } from '../backends/fleet/detect.ts'
import type { Provider } from '../core/provider.ts'
import { DEFAULT_SERVER } from '../config/defaults.ts'

/** No key stands in it: each is a `${NAME}` that is read when the gateway starts. */
export function initFile(found: readonly Found[], providers: ReadonlyMap<string, Provider>): string {
  const engines = found.filter(({ spec }) => spec.provider.ports.length > 0)
  const clouds = found.filter(({ spec }) => spec.provider.ports.length === 0)
  return [
    HEAD,
    'backends:\n',
    ...(engines.length > 0 ? ['  # engines that answer now\n', ...engines.map(backendOf)] : []),
    ...(clouds.length > 0 ? ['  # clouds whose key is in the environment\n', ...clouds.map(backendOf)] : []),
    ...(found.length > 0 ? [] : [NOTHING, exampleOf([...providers.values()].find(isEngine), '  ')]),
    ...(clouds.length > 0 ? [] : [CLOUD, exampleOf([...providers.values()].find(isCloud), '  # ')]),
    MORE,
  ].join('')
}

const isEngine = ({ ports, generic }: Provider): boolean => ports.length > 0 && !generic
const isCloud = ({ kind, keyEnv, ports }: Provider): boolean =>
  kind === 'openai' && keyEnv !== null && ports.length === 0

function backendOf({ spec }: Found): string {
  const { name, provider, root, key } = spec
  const url = provider.url === null ? `    url: '${root}'\n` : ''
  return `  - name: ${name}\n    kind: ${provider.kind}\n${url}${key === null ? '' : keyLine(provider, '    ')}`
}

const keyLine = ({ keyEnv }: Provider, indent: string): string =>
  keyEnv === null ? '' : `${indent}key: '\${${keyEnv}}'\n`

/** What one would look like; nothing where there is no such kind. */
function exampleOf(provider: Provider | undefined, indent: string): string {
  if (provider === undefined) return ''
  const { kind, ports, url } = provider
  const address = url === null && ports[0] !== undefined ? `${indent}  url: 'http://127.0.0.1:${ports[0]}'\n` : ''
  return `${indent}- name: ${kind}\n${indent}  kind: ${kind}\n${address}${keyLine(provider, `${indent}  `)}`
}

const HEAD = `# Configuration of Turnout. \`turnout check\` says what it comes to, and
# \`turnout serve\` runs it. All options are in docs/options.md, more examples
# in docs/configuration.md. Remove the "# " before an example to have it.

server:
  host: ${DEFAULT_SERVER.host} # 0.0.0.0 lets other machines in; keys are needed then
  port: ${DEFAULT_SERVER.port}

`

const NOTHING = '  # nothing was found: this is where such an engine would be\n'
const CLOUD = '  # a cloud; its key is read from the environment, and never stands here\n'

const MORE = `
# What \`auto\` and other names of models mean. Without routes \`auto\` chooses
# among all models.
# routes:
#   - name: default # what \`auto\` means
#     candidates: ['*'] # globs over backend/model
#     strategy: balanced # or cheap, fast, best; docs/routing.md
#   - name: private # \`"model": "private"\` never leaves your own hardware
#     candidates: ['*']
#     limits: { local_only: true }

# The most that may be spent; requests above it are refused.
# budgets:
#   - { name: a-day, of: gateway, usd: 5, per: day }
#   - { name: each-team, of: team, usd: 20, per: month }

# What outlives a restart, relative to the folder of this file.
# store:
#   ledger: ./data/ledger # what each request took and cost: \`turnout ledger\`
#   state: ./data/state.json # what was learnt of models
#   # API keys: \`turnout key create --id NAME\`. Every request needs one then.
#   keys: ./data/keys.json
`
