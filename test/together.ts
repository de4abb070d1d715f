/** Several test files in one process, one after the other: to start it takes longer than most files. Started by run.ts. */
import { delimiter, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'

// run.ts ends a process that hangs.
t.setTimeout(0)
for (const file of (process.env['TURNOUT_TEST_FILES'] ?? '').split(delimiter)) {
  t.comment(relative(process.cwd(), file))
  await import(pathToFileURL(file).href)
}
