/** Files of the neutral form: `--train A.jsonl --test B.jsonl --models M.json`. What is wrong is told by file, line and field. */
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { ModelCard, Sample } from './sample.ts'
import type { Task } from './scorer.ts'

const amount = z.number().min(0).nullable()
const outcome = z.object({ score: z.number().min(0).max(1), cost_usd: amount, output_tokens: amount })
const line = z.object({ prompt: z.string(), label: z.string().nullable(), arms: z.record(z.string(), outcome) })
const card = z.object({
  input_per_mtok_usd: amount,
  output_per_mtok_usd: amount,
  params_b: amount,
  open: z.boolean().nullable(),
})

/** Models that every prompt has an outcome of. Throws with the file, the line and the field. */
export function readNeutral(files: { readonly train: string; readonly test: string; readonly models: string }): Task {
  const listed = parse(files.models, readText(files.models), z.record(z.string(), card))
  const cards = new Map<string, ModelCard>(
    Object.entries(listed).map(([model, { input_per_mtok_usd, output_per_mtok_usd, params_b, open }]) => [
      model,
      {
        inputPerMtokUsd: input_per_mtok_usd,
        outputPerMtokUsd: output_per_mtok_usd,
        paramsB: params_b,
        open: open ?? false,
      },
    ]),
  )
  const train = readSamples(files.train, cards)
  const test = readSamples(files.test, cards)
  if (test.length === 0) throw new Error(`${files.test}: is empty; there is nothing to decide`)
  const models = [...cards.keys()].filter((model) => [...train, ...test].every(({ arms }) => arms.has(model)))
  if (models.length < 2)
    throw new Error(`${files.models}: fewer than two of its models have an outcome on every line of both files`)
  return { models, cards, train, test }
}

function readSamples(file: string, cards: ReadonlyMap<string, ModelCard>): Sample[] {
  return readText(file)
    .split('\n')
    .flatMap((text, index) => {
      if (text.trim() === '') return []
      const where = `${file}:${index + 1}`
      const { prompt, label, arms } = parse(where, text, line)
      const unknown = Object.keys(arms).find((model) => !cards.has(model))
      if (unknown !== undefined) throw new Error(`${where}: arms.${unknown} is not in the file of models`)
      return [
        {
          prompt,
          label,
          arms: new Map(
            Object.entries(arms).map(([model, { score, cost_usd, output_tokens }]) => [
              model,
              { score, costUsd: cost_usd, outputTokens: output_tokens },
            ]),
          ),
        },
      ]
    })
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (thrown) {
    throw new Error(`${file}: cannot be read (${(thrown as NodeJS.ErrnoException).code ?? 'unknown error'})`)
  }
}

function parse<T>(where: string, text: string, shape: z.ZodType<T>): T {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new Error(`${where}: is not JSON`)
  }
  const read = shape.safeParse(value)
  if (read.success) return read.data
  const issue = read.error.issues[0]!
  throw new Error(`${where}: ${issue.path.join('.') || 'the line'}: ${issue.message}`)
}
