/** The command `npm run bench:routing`. */
import { resolve } from 'node:path'
import { bench } from './bench.ts'
import { loadWeights } from '../../src/classifier-file.ts'
import { withShippedWeights, withTrainedWeights } from './shipped.ts'
import { USAGE } from './options.ts'

const root = resolve(import.meta.dirname, '../../..')
const say = (line: string): void => void process.stdout.write(`${line}\n`)

try {
  if (process.argv.includes('--help')) process.stdout.write(USAGE)
  else
    await bench(process.argv.slice(2), {
      root,
      say,
      shipped: withTrainedWeights(),
      given: withShippedWeights(await loadWeights()),
    })
} catch (thrown) {
  process.stderr.write(`failed: ${(thrown as Error).message}\n`)
  process.exitCode = 1
}
