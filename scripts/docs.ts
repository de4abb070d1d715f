/** `npm run docs`: writes the generated blocks of the documents. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { documents, filled, read, ROOT } from './docs/fill.ts'

for (const document of await documents()) {
  const text = await read(document)
  const next = await filled(text)
  if (next === text) continue
  await writeFile(join(ROOT, document), next)
  process.stdout.write(`${document} written\n`)
}
