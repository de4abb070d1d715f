/** One model of the gateway for people: all that is known of it, line by line. What is not known is `?`. Pure. */
import { CAPABILITIES } from '../core/capabilities.ts'
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
  const having = (value: boolean): string => CAPABILITIES.filter((name) => capabilities[name] === value).join(' ')
  const unknown = CAPABILITIES.filter((name) => capabilities[name] === undefined).join(' ')
  return [
    ['backend', `${plain(one.backend)} (${one.kind}${one.local ? ", on hardware of one's own" : ''})`],
    ['state', `${one.state}${one.reason === null ? '' : `: ${plain(one.reason)}`}`],
    ...(one.aliases.length === 0 ? [] : [['also named', one.aliases.map(plain).join(', ')] as const]),
    ['context', `${whole(one.context_tokens)} tokens, answers of ${whole(one.max_output_tokens)} at most`],
    [
      'price',
      price === null
        ? UNKNOWN
        : `USD ${figure(price.input_per_mtok_usd)} in, ${figure(price.cached_input_per_mtok_usd)} in from a cache, ` +
          `${figure(price.output_per_mtok_usd)} out for a million tokens` +
          (price.per_gpu_hour_usd === null ? '' : `; ${figure(price.per_gpu_hour_usd)} for an hour of a GPU`),
    ],
    ['can', having(true) || '-'],
    ['cannot', having(false) || '-'],
    ['not known', unknown || '-'],
    ['efforts', one.efforts.join(' ') || '-'],
    [
      'success',
      `${shownShare(expected.success)}±${shownShare(expected.success_sd)} expected over all kinds of requests`,
    ],
  ]
}

const line = (name: string, text: string): string =>
  wrapped(text, WIDTH - INDENT)
    .trimEnd()
    .split('\n')
    .map((part, index) => `${(index === 0 ? `  ${name}` : '').padEnd(INDENT)}${part}\n`)
    .join('')
