/** A process of its own that adds keys to a file: writer.js FILE NAME COUNT. */
import { changeKeyFile } from '../../src/keys/key-file.ts'
import { storedKey } from './stored.ts'

const [path = '', name = '', count = '0'] = process.argv.slice(2)
for (let i = 0; i < Number(count); i++) {
  const id = `${name}-${i}`
  await changeKeyFile(path, (keys) => [...keys, storedKey(id, id)])
}
