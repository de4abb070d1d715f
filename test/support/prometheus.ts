import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Test } from 'tap'
import { stringify } from 'yaml'
import { freePort } from './engines.ts'

const RULES = resolve(import.meta.dirname, '../../../docker/prometheus/rules')

/** A real Prometheus that scrapes the gateway each second; ended with the test. `rules`: with those that ship with the project. */
export async function startPrometheus(
  test: Test,
  target: string,
  rules = false,
): Promise<{ url: string; said: () => string }> {
  const folder = await mkdtemp(join(tmpdir(), 'turnout-prometheus-'))
  const port = await freePort()
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: rules ? [join(RULES, '*.yml')] : [],
    scrape_configs: [{ job_name: 'turnout', static_configs: [{ targets: [target] }] }],
  }
  await writeFile(join(folder, 'prometheus.yml'), stringify(config))
  const child = spawn(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--enable-feature=exemplar-storage',
      '--log.level=warn',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let said = ''
  child.stderr.on('data', (text: Buffer) => (said += text.toString()))
  test.teardown(async () => {
    child.kill('SIGKILL')
    await once(child, 'exit')
    await rm(folder, { recursive: true, force: true })
  })
  return { url: `http://127.0.0.1:${port}`, said: () => said }
}

export interface Sample {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [number, string]
}

/** An instant query. */
export async function query(prometheus: string, expression: string): Promise<readonly Sample[]> {
  const response = await fetch(`${prometheus}/api/v1/query?query=${encodeURIComponent(expression)}`)
  const { data } = (await response.json()) as { data: { result: readonly Sample[] } }
  return data.result
}
