/** The decisions must be worth more than the same decisions handed out to other prompts (AT-85). */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import t from 'tap'
import { bench } from '../../../benchmarks/routing/bench.ts'
import { withTrainedWeights } from '../../../benchmarks/routing/shipped.ts'

const ROOT = resolve(import.meta.dirname, '../../../..')
const DATA = resolve(ROOT, '../shared/data')

interface Answer {
  readonly sets: Readonly<
    Record<string, { readonly policies: Readonly<Record<string, { readonly aiq_linear: number }>> }>
  >
}

t.test('on data that it has not seen', { skip: existsSync(DATA) ? false : 'no routing data' }, async (t) => {
  const said: string[] = []
  const args = ['--data', DATA, '--set', 'llmrouter', '--seeds', '1', '--json']
  await bench(args, { root: ROOT, say: (line) => said.push(line), shipped: withTrainedWeights(), given: null })
  const { policies } = (JSON.parse(said.at(-1)!) as Answer).sets['llmrouter']!
  const worth = (policy: string): number => policies[policy]!.aiq_linear
  t.ok(worth('turnout') > worth('shuffled') + 0.03, `${worth('turnout')} and ${worth('shuffled')}`)
  t.ok(worth('turnout') > worth('best_single') + 0.02, `${worth('turnout')} and ${worth('best_single')}`)
})
