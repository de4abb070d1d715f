import t from 'tap'
import { load, refusal } from './load.ts'

const config = (telemetry: string): string =>
  `backends: [{ name: a, kind: openai, key: k }]\ntelemetry: { ${telemetry} }\n`

const HERE = 'endpoint: "http://127.0.0.1:4318'

t.test('the address of a collector is an http URL', async (t) => {
  for (const url of ['http://127.0.0.1:4318', 'https://otlp.example.com/otlp', 'http://collector:4318/'])
    t.equal(load(config(`endpoint: "${url}"`)).config.telemetry?.endpoint, url.replace(/\/$/, ''))
  const refused: readonly (readonly [string, RegExp])[] = [
    ['127.0.0.1', /^telemetry\.endpoint: is not a URL; write it like "http:\/\/127\.0\.0\.1:4318"$/],
    [
      'localhost:4318',
      /^telemetry\.endpoint: is not http:\/\/ or https:\/\/ with a host, and no more than a path; write it like "http/,
    ],
    ['ftp://collector', /is not http:\/\/ or https:\/\//],
    ['http://collector:4318?key=1', /is not http:\/\/ or https:\/\//],
    ['http://user:secret@collector:4318', /is not http:\/\/ or https:\/\//],
    ['http://collector:4318/v1/traces', /^telemetry\.endpoint: contains the path of a signal; leave that out/],
    ['http://collector:4318/v1/metrics/', /contains the path of a signal/],
  ]
  for (const [url, said] of refused) {
    const message = refusal(config(`endpoint: "${url}"`))
    t.match(message, said, url)
    t.notMatch(message, /secret/)
  }
})

t.test('headers of exports are names and printable values', async (t) => {
  const headers = (text: string): string => config(`${HERE}", headers: { ${text} }`)
  t.strictSame(load(headers('authorization: "Bearer x", X-Tenant: "a b"')).config.telemetry?.headers, {
    authorization: 'Bearer x',
    'X-Tenant': 'a b',
  })
  t.equal(refusal(headers('x-tenant: ""')), '', 'an empty one')
  t.match(
    refusal(headers('x-tenant: "s3cret\\n"')),
    /^telemetry\.headers\.x-tenant: contains a line end or a non-ASCII/,
  )
  t.notMatch(refusal(headers('x-tenant: "s3cret\\n"')), /s3cret/)
  t.match(refusal(headers('x-tenant: 51237')), /^telemetry\.headers\.x-tenant: is a number; write a text$/)
  t.match(refusal(headers('"x tenant": "a"')), /^telemetry\.headers.*x tenant.*: is no name of a header/)
  t.match(refusal(headers('Content-Type: "a"')), /is set by the gateway; leave it out/)
})
