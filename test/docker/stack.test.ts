import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'
import { isRequired } from '../support/required.ts'
import { parse } from 'yaml'
import { DEFAULT_SERVER } from '../../src/config/defaults.ts'
import { loadProviders } from '../../src/config/providers.ts'
import { ownHosts } from '../../src/http/admission/own-hosts.ts'

const ROOT = resolve(import.meta.dirname, '../../..')
const text = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const yaml = (path: string): unknown => parse(text(path))

interface Service {
  readonly environment: string[] & Record<string, string>
  readonly ports: readonly string[]
  readonly volumes: readonly string[]
  readonly depends_on?: object
}

interface Stack {
  readonly name: string
  readonly services: Readonly<Record<'gateway' | 'prometheus' | 'grafana', Service>>
  readonly volumes: object
}

interface Scrapes {
  readonly global: { readonly scrape_interval: string }
  readonly scrape_configs: readonly { readonly static_configs: readonly object[] }[]
}

const { name: PROJECT, services, volumes } = yaml('docker/compose.yaml') as Stack
const SERVICES = Object.entries<Service>(services)
const SCRAPES = yaml('docker/prometheus/prometheus.yml') as Scrapes
const DOCKERFILE = text('docker/Dockerfile')
const PORT = String(DEFAULT_SERVER.port)

/** `127.0.0.1:${NAME:-7070}:7070` */
function published({ ports }: Service): { address: string; inside: string } {
  const [, address = '', inside = ''] = /^(.*):\$\{\w+:-\d+\}:(\d+)$/.exec(ports[0] ?? '') ?? []
  return { address, inside }
}

t.test('the file beside package.json is the one in docker/', async (t) => {
  const root = yaml('compose.yaml') as { name: string; include: string[] }
  t.strictSame(root.include, ['docker/compose.yaml'])
  t.equal(root.name, PROJECT, 'one project, whichever file is named')
})

t.test('a gateway without keys is published on loopback only', async (t) => {
  t.ok(services.gateway.environment.includes('TURNOUT_AUTH=none'))
  for (const [name, service] of SERVICES) {
    t.equal(service.ports.length, 1, name)
    t.equal(published(service).address, '127.0.0.1', name)
  }
})

t.test('without keys it answers for the name that Prometheus scrapes', async (t) => {
  const [target] = (SCRAPES.scrape_configs[0]?.static_configs[0] as { targets: string[] }).targets
  const line = services.gateway.environment.find((one) => one.startsWith('TURNOUT_HOSTS='))
  const [, first, own] = /^TURNOUT_HOSTS=(\w+),(\$\{TURNOUT_HOSTS:-\})$/.exec(line ?? '') ?? []
  t.ok(own, 'what a user names is not lost for it')
  const isOwn = ownHosts([first ?? ''], '0.0.0.0')
  t.ok(isOwn(target ?? '', undefined))
  t.notOk(isOwn('evil.example', undefined))
})

t.test('every cloud key that the gateway looks for is handed on', async (t) => {
  const wanted = [...(await loadProviders()).values()].flatMap(({ keyEnv }) => keyEnv ?? [])
  t.ok(wanted.length > 5)
  t.strictSame(
    wanted.filter((name) => !services.gateway.environment.includes(name)),
    [],
  )
})

t.test('all files of the stack name the same port', async (t) => {
  t.strictSame(SCRAPES.scrape_configs[0]?.static_configs, [{ targets: [`gateway:${PORT}`] }])
  t.equal(published(services.gateway).inside, PORT)
  t.ok(services.gateway.environment.includes(`TURNOUT_PORT=${PORT}`))
  t.ok(services.gateway.environment.includes(`TURNOUT_PUBLIC_URL=http://127.0.0.1:\${TURNOUT_PORT:-${PORT}}`))
  t.match(DOCKERFILE, `TURNOUT_PORT=${PORT}`)
  t.match(DOCKERFILE, `EXPOSE ${PORT}`)
})

t.test('what one service says of another is so', async (t) => {
  const { datasources } = yaml('docker/grafana/provisioning/datasources/prometheus.yaml') as {
    datasources: [{ uid: string; url: string; jsonData: { timeInterval: string } }]
  }
  const [source] = datasources
  t.equal(source.url, `http://prometheus:${published(services.prometheus).inside}`)
  t.equal(source.jsonData.timeInterval, SCRAPES.global.scrape_interval)
  const dashboard = JSON.parse(text('docker/grafana/dashboards/turnout.json')) as {
    templating: { list: [{ type: string; current: { value: string } }] }
  }
  const [variable] = dashboard.templating.list
  t.equal(variable.type, 'datasource')
  t.equal(variable.current.value, source.uid)
  const { providers } = yaml('docker/grafana/provisioning/dashboards/turnout.yaml') as {
    providers: [{ options: { path: string } }]
  }
  const [provider] = providers
  t.ok(services.grafana.volumes.some((mount) => mount.split(':')[1] === provider.options.path))
  t.match(services.grafana.environment.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH, provider.options.path)
  for (const [name, { depends_on = {} }] of SERVICES)
    for (const other of Object.keys(depends_on)) t.ok(other in services, `${name} waits for ${other}`)
})

t.test('what is mounted is there', async (t) => {
  for (const [name, service] of SERVICES)
    for (const mount of service.volumes) {
      const [source = ''] = mount.replace(/\$\{\w+:-([^}]+)\}/, '$1').split(':')
      if (source.startsWith('.')) t.ok(existsSync(join(ROOT, 'docker', source)), `${name}: ${source}`)
      else t.ok(source in volumes, `${name}: ${source}`)
    }
})

t.test('one Node, named once', async (t) => {
  t.match(DOCKERFILE, /^ARG NODE_VERSION=\d*[02468]$/m)
  const bases = [...DOCKERFILE.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base)
  t.strictSame(new Set(bases), new Set(['node:${NODE_VERSION}-bookworm-slim']))
})

t.test('the image holds what the package needs, without root', async (t) => {
  const final = DOCKERFILE.slice(DOCKERFILE.lastIndexOf('\nFROM '))
  t.match(final, /^USER node$/m)
  const { bin } = JSON.parse(text('package.json')) as { bin: { turnout: string } }
  t.match(final, `RUN ln -s /app/${bin.turnout} /usr/local/bin/turnout\n`)
  t.match(final, 'ENTRYPOINT ["turnout"]')
  for (const path of ['package.json', 'node_modules', 'dist/src'])
    t.match(final, `COPY --from=build /app/${path} `, path)
  for (const path of ['config', 'bin']) t.match(final, `COPY ${path} `, path)
  const wanted = new Set(
    text('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!')),
  )
  for (const [, list = ''] of DOCKERFILE.matchAll(/^COPY (?!--from)(.*) \S+$/gm))
    for (const path of list.split(' ')) t.ok(wanted.has(`!${path}`), `.dockerignore lets ${path} in`)
  t.ok(text('.dockerignore').split('\n').includes('*'), 'and nothing else')
})

const required = isRequired('prometheus')
const promtool = spawnSync('promtool', ['--version']).status === 0

t.test('promtool takes the configuration', { skip: promtool || required ? false : 'needs promtool' }, async (t) => {
  const file = join(ROOT, 'docker/prometheus/prometheus.yml')
  const { status, stderr, stdout } = spawnSync('promtool', ['check', 'config', file], { encoding: 'utf8' })
  t.equal(status, 0, `${stdout}${stderr}`)
})
