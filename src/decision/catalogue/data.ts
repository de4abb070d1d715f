/** The hand-made part of the catalogue: config/catalogue.yaml, read once while the program starts. */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import { CAPABILITIES, EFFORTS, TASK_CLASSES } from '../../core/capabilities.ts'

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
const share = z.number().min(0).max(1)

/** Rows stand in groups with one source; what is read from them is one list. */
const groups = <T extends z.ZodRawShape>(shape: T) =>
  z
    .array(z.strictObject({ source: z.string().min(1), models: z.array(z.strictObject({ match: pattern, ...shape })) }))
    .transform((all) => all.flatMap(({ source, models }) => models.map((row) => ({ ...row, source }))))

const classes = Object.fromEntries(TASK_CLASSES.map((one) => [one, share.optional()]))

const schema = z.strictObject({
  sizes: groups({ billions: z.number().positive() }),
  efforts: groups({ efforts: z.array(z.enum(EFFORTS)) }),
  capabilities: groups({ capabilities: z.partialRecord(z.enum(CAPABILITIES), z.boolean()) }),
  max_output: groups({ tokens: z.int().positive() }),
  quality: groups({ default: share, ...classes }).transform((rows) =>
    rows.map(({ match, source, ...quality }) => ({ match, source, quality })),
  ),
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
