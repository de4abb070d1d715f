import t from 'tap'
import { lanFault, lanHost } from '../../src/config/lan.ts'
import { parseConfig } from '../../src/config/load.ts'
import { loadProviders } from '../../src/config/providers.ts'

const providers = await loadProviders()

t.test('a host, with or without a port', async (t) => {
  const cases: readonly (readonly [string, string, number | null])[] = [
    ['gpu-1', 'gpu-1', null],
    ['GPU-1.lan', 'gpu-1.lan', null],
    ['localhost', 'localhost', null],
    ['192.168.1.20', '192.168.1.20', null],
    ['192.168.1.20:8000', '192.168.1.20', 8000],
    ['gpu_2:65535', 'gpu_2', 65_535],
    ['[fd00::1]', '[fd00::1]', null],
    ['[fd00::1]:11434', '[fd00::1]', 11_434],
  ]
  for (const [entry, host, port] of cases) {
    t.equal(lanFault(entry), null, entry)
    t.strictSame(lanHost(entry), { host, port })
  }
})

t.test('what is no host is told with what to write', async (t) => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['http://gpu-1', /^is an address with a scheme; write it like "gpu-1"/],
    ['https://192.168.1.20:8000/v1', /^is an address with a scheme/],
    ['192.168.1.0/24', /^is a range or a path; name each host by itself/],
    ['192.168.1.*', /^is a range/],
    ['192.168.1.20-40', /^is a range/],
    ['192.168.1.20-192.168.1.40', /^is a range/],
    ['gpu-1/v1', /^is a range or a path/],
    ['', /^is not a host/],
    ['gpu 1', /^is not a host/],
    ['-gpu', /^is not a host/],
    ['300.1.1.1', /^is not a host/],
    ['192.168.1', /^is not a host/],
    ['fd00::1', /^is not a host/],
    ['gpu-1:', /^is not a host/],
    ['gpu-1:port', /^is not a host/],
    ['gpu-1:0', /^is not a host with a port/],
    ['gpu-1:65536', /^is not a host with a port/],
  ]
  for (const [entry, message] of cases) t.match(lanFault(entry), message, entry)
})

t.test('in a file', async (t) => {
  const base = { backends: [{ name: 'a', kind: 'openai-compatible', url: 'http://127.0.0.1:1', models: ['m'] }] }
  const parse = (lan: unknown) =>
    parseConfig(JSON.stringify({ ...base, discovery: { lan } }), {}, providers, '/etc/t.yaml')
  t.strictSame(parse(['gpu-1', '10.0.0.5:8000']).config.lan, [
    { host: 'gpu-1', port: null },
    { host: '10.0.0.5', port: 8000 },
  ])
  t.strictSame(parse([]).config.lan, [])
  t.throws(() => parse(['gpu-1', '10.0.0.0/8']), /discovery\.lan\[1\].* is a range or a path/)
  t.throws(() => parse(['gpu-1', 'gpu-1']), /discovery\.lan\[1\].*"gpu-1" is listed twice/)
  t.throws(() => parse('gpu-1'), /discovery\.lan/)
  t.throws(() => parse(Array.from({ length: 65 }, (_, at) => `gpu-${at}`)), /discovery\.lan: is more than 64/)
})
