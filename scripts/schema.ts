/** `npm run schema`: writes the JSON schema of the configuration, which editors read. */
import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { schemaText } from '../src/cli/schema.ts'

await writeFile(resolve(import.meta.dirname, '../../config/schema.json'), schemaText())
