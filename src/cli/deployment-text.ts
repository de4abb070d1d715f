/** One model of the gateway for people: all that is known of it, line by line. What is not known is `?`. Pure. */
import { CAPABILITIES } from '../core/capabilities.ts'
import { SAYINGS } from '../core/hints.ts'
import { wrapped } from '../core/wrapped.ts'
import type { ShownDeployment } from '../http/shown-deployment.ts'
import { figure, plain, shownShare, UNKNOWN, whole } from '../observe/explain/figures.ts'
import { WIDTH } from './help-text.ts'

const INDENT = 16

export const deploymentText = (one: ShownDeployment): string =>
  wrapped(plain(one.id), WIDTH) +
  factsOf(one)
    .map(([name, text]) => line(name, text))
    .join('')

function factsOf({ price, capabilities, expected, ...one }: ShownDeployment): (readonly [string, string])[] {
  /** By who says so. */
  const having = (value: boolean): string => {
    const names = CAPABILITIES.filter((name) => capabilities[name] === value)
    const sources = [...new Set(names.map((name) => one.capabilities_from[name]))]
    return sources
      .map((source) => `${names.filter((name) => one.capabilities_from[name] === source).join(', ')}${saidBy(source)}`)
      .join('; ')
  }
  const unknown = CAPABILITIES.filter((name) => capabilities[name] === undefined).join(', ')
  const trained = one.trained_context_tokens === null ? '' : `, ${whole(one.trained_context_tokens)} in training`
  return [
    ['backend', `${plain(one.backend)} (${one.kind}${one.local ? ', your own hardware' : ''})`],
    ['state', `${one.state}${one.reason === null ? '' : `: ${plain(one.reason)}`}`],
    ...(one.aliases.length === 0 ? [] : [['also known as', one.aliases.map(plain).join(', ')] as const]),
    [
      'context',
      `${whole(one.context_tokens)} tokens${saidBy(one.context_from)}${trained}, output up to ${whole(one.max_output_tokens)}`,
    ],
    ['loaded', loadedText(one)],
    ['slots', one.slots === null ? UNKNOWN : whole(one.slots)],
    ['price', priceText(price)],
    ['supports', having(true) || '-'],
    ['lacks', having(false) || '-'],
    ['not known', unknown || '-'],
    ['efforts', one.efforts.join(', ') || '-'],
    [
      'success',
      `${shownShare(expected.success)}±${shownShare(expected.success_sd)} expected over all kinds of requests`,
    ],
    ['learnt from', learntText(one.learnt_from)],
  ]
}

const learntText = (from: ShownDeployment['learnt_from']): string =>
  SAYINGS.filter((saying) => from[saying] !== undefined)
    .map((saying) => `${from[saying]!} x ${saying}`)
    .join(', ') || 'neither scores nor hints so far'

/** Who tells; nothing where nobody does. */
const saidBy = (source: string | null | undefined): string =>
  source === null || source === undefined ? '' : ` (${source})`

function loadedText({ loaded, load_seconds: seconds }: Pick<ShownDeployment, 'loaded' | 'load_seconds'>): string {
  if (loaded === true) return seconds === null ? 'yes, and it stays loaded' : 'yes'
  return `${loaded === null ? UNKNOWN : 'no'}${seconds === null ? '' : `; loading is expected to take ${figure(seconds)} s`}`
}

function priceText(price: ShownDeployment['price']): string {
  if (price === null) return UNKNOWN
  const tokens = [
    `${figure(price.input_per_mtok_usd)} in`,
    `${figure(price.cached_input_per_mtok_usd)} cached in`,
    `${figure(price.output_per_mtok_usd)} out`,
  ]
  const hour = price.per_gpu_hour_usd === null ? '' : `; ${figure(price.per_gpu_hour_usd)} per GPU hour`
  return `USD ${tokens.join(', ')} per million tokens${hour}`
}

const line = (name: string, text: string): string =>
  wrapped(text, WIDTH - INDENT)
    .trimEnd()
    .split('\n')
    .map((part, index) => `${(index === 0 ? `  ${name}` : '').padEnd(INDENT)}${part}\n`)
    .join('')
