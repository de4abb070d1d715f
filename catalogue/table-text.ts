/** config/quality.json as text: a line for each model, so that a change of one is a change of one line. */
import type { QualityTable } from '../src/decision/catalogue/quality.ts'

export function tableText({ classes, sources, models, aliases, relatives }: QualityTable): string {
  const rows = (all: Readonly<Record<string, unknown>>): string =>
    Object.entries(all)
      .map(([name, value]) => `    ${JSON.stringify(name)}: ${JSON.stringify(value)}`)
      .join(',\n')
  return [
    '{',
    '  "made_by": "npm run catalogue, of catalogue/results.yaml",',
    `  "classes": ${JSON.stringify(classes)},`,
    `  "sources": [\n${sources.map((one) => `    ${JSON.stringify(one)}`).join(',\n')}\n  ],`,
    `  "models": {\n${rows(models)}\n  },`,
    `  "aliases": {\n${rows(aliases)}\n  },`,
    `  "relatives": {\n    "newest": ${JSON.stringify(relatives.newest)},\n    "error": ${JSON.stringify(relatives.error)},\n    "bySize": ${JSON.stringify(relatives.bySize)},\n    "weights": {\n${rows(relatives.weights)}\n    }\n  }`,
    '}',
    '',
  ].join('\n')
}
