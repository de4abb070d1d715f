import { execFile } from 'node:child_process'
import { chmod } from 'node:fs/promises'
import { resolve } from 'node:path'
import t from 'tap'

const SCRIPT = resolve(import.meta.dirname, '../../../docker/verify.sh')

/** The image builds, and then nothing runs. */
const DOCKER = `#!/bin/sh
case "$*" in
  *"config gateway") echo "GROQ_API_KEY: probe" ;;
  *"config -q" | *"build gateway") ;;
  *) exit 1 ;;
esac
`

t.test('verify.sh: with nothing running no check passes', async (t) => {
  const bin = t.testdir({ docker: DOCKER, curl: '#!/bin/sh\nexit 7\n' })
  for (const command of ['docker', 'curl']) await chmod(resolve(bin, command), 0o755)
  const { code, out } = await new Promise<{ code: unknown; out: string }>((done) => {
    const env = { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` }
    execFile('bash', [SCRIPT], { env: { ...env, SERVICES: 'gateway' } }, (error, out) =>
      done({ code: error?.code ?? 0, out }),
    )
  })
  t.strictSame(
    out.split('\n').filter((line) => line.startsWith('ok ')),
    [
      'ok      compose.yaml of the root is valid',
      'ok      a cloud key of the shell is handed on',
      'ok      the image builds',
    ],
    out,
  )
  t.match(out, /^3 passed, 3\d failed$/m, 'the others were made')
  t.equal(code, 1)
})
