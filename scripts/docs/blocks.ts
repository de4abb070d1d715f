/** The generated blocks of the documents, by the name in their markers. A block may stand in any document, and in several. */
import { agentSetups } from './agents.ts'
import { commandHelps, commandsTable } from './commands.ts'
import { innerTable, optionsTable, providerFieldsTable } from './options.ts'
import { keyVariables, providersTable } from './providers.ts'
import { presetRoutes, strategiesTable, weightsExample, weightsTable } from './strategies.ts'
import {
  backendStatesTable,
  endpointsTable,
  errorsTable,
  filtersTable,
  hintsTable,
  keyFlagsTable,
  metricsTable,
  type Table,
} from './tables.ts'

const cell = (text: string): string => text.replaceAll('|', '\\|')
const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`

export const markdown = ({ head, rows }: Table): string =>
  [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')

/** Name -> Markdown, or lines of YAML where the document is YAML. */
export const BLOCKS: Readonly<Record<string, () => string>> = {
  agents: agentSetups,
  commands: () => markdown(commandsTable()),
  'command-help': commandHelps,
  endpoints: () => markdown(endpointsTable()),
  errors: () => markdown(errorsTable()),
  metrics: () => markdown(metricsTable()),
  strategies: () => markdown(strategiesTable()),
  weights: () => markdown(weightsTable()),
  'weights-example': weightsExample,
  'preset-routes': presetRoutes,
  'backend-states': () => markdown(backendStatesTable()),
  hints: () => markdown(hintsTable()),
  filters: () => markdown(filtersTable()),
  'key-options': () => markdown(keyFlagsTable()),
  providers: () => markdown(providersTable()),
  'provider-fields': () => markdown(providerFieldsTable()),
  'key-variables': () => keyVariables().map((name) => `- ${name}`).join('\n'), // prettier-ignore
  'options-server': () => markdown(optionsTable('server')),
  'options-backends': () => markdown(optionsTable('backends', ['price'])),
  'options-prices': () => markdown(innerTable('backends', 'price')),
  'options-models': () => markdown(optionsTable('models', ['price'])),
  'options-routes': () => markdown(optionsTable('routes')),
  'options-keys': () => markdown(optionsTable('keys')),
  'options-budgets': () => markdown(optionsTable('budgets')),
  'options-limits': () => markdown(optionsTable('limits')),
  'options-upstream': () => markdown(optionsTable('upstream')),
  'options-learning': () => markdown(optionsTable('learning')),
  'options-discovery': () => markdown(optionsTable('discovery')),
  'options-store': () => markdown(optionsTable('store')),
  'options-admin': () => markdown(optionsTable('admin')),
  'options-telemetry': () => markdown(optionsTable('telemetry')),
}
