/** The hand-made part of the catalogue: config/catalogue.yaml, read once while the program starts. */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import { CAPABILITIES, EFFORTS } from '../../core/capabilities.ts'

const FILE = new URL('../../../../config/catalogue.yaml', import.meta.url)

const pattern = z
  .string()
  .min(1)
  .transform((source, context) => {
    try {
      return new RegExp(source)
    } catch {
      context.addIssue({ code: 'custom', message: 'is not a regular expression' })
      return z.NEVER
    }
  })

/** Rows stand in groups with one source; what is read from them is one list. `tag`: what Ollama takes a name for that says no size. */
const groups = <T extends z.ZodRawShape>(shape: T) =>
  z
    .array(
      z.strictObject({
        source: z.string().min(1),
        tag: z.boolean().default(false),
        models: z.array(z.strictObject({ match: pattern, ...shape })),
      }),
    )
    .transform((all) => all.flatMap(({ source, tag, models }) => models.map((row) => ({ ...row, source, tag }))))

const schema = z.strictObject({
  sizes: groups({ billions: z.number().positive() }),
  efforts: groups({ efforts: z.array(z.enum(EFFORTS)) }),
  capabilities: groups({ capabilities: z.partialRecord(z.enum(CAPABILITIES), z.boolean()) }),
  max_output: groups({ tokens: z.int().positive() }),
})

/** Lists in which the first pattern that fits a plain name counts. */
export type CatalogueData = z.output<typeof schema>

/** Throws an Error that names the field. */
export function readCatalogue(yaml: string): CatalogueData {
  const { data, error } = schema.safeParse(parse(yaml))
  if (error !== undefined) throw new Error(`config/catalogue.yaml: ${z.prettifyError(error)}`)
  return data
}

export const DATA: CatalogueData = readCatalogue(readFileSync(FILE, 'utf8'))
