import t from 'tap'
import { formOf, withoutMark } from '../../src/formats/form.ts'

const MARK = Buffer.from([0xef, 0xbb, 0xbf])

t.test('the form of a body, by how it begins', async (t) => {
  const cases = [
    ['data: {"a":1}\n\n', 'events'],
    ['data:{"a":1}\n\n', 'events'],
    ['event: message\ndata: {}\n\n', 'events'],
    ['id: 1\ndata: {}\n\n', 'events'],
    ['retry: 100\n\n', 'events'],
    [': ping\n\n', 'events'],
    [':\n\n', 'events'],
    ['{"choices":[]}', 'json'],
    ['[1]', 'json'],
    ['<html>', 'other'],
    ['database', 'other'],
    ['ideal', 'other'],
    ['Internal error', 'other'],
    ['"text"', 'other'],
  ] as const
  for (const [text, form] of cases)
    for (const blank of ['', '\n', '\r\n\r\n', '  \n'])
      for (const mark of [Buffer.alloc(0), MARK]) {
        const body = Buffer.concat([mark, Buffer.from(blank + text)])
        t.equal(formOf(body), form, JSON.stringify(blank + text))
        let seen: string | null = null
        for (let length = 0; length <= body.length && seen === null; length++) seen = formOf(body.subarray(0, length))
        t.equal(seen, form, `${JSON.stringify(blank + text)} byte by byte`)
      }
})

t.test('too little to see', async (t) => {
  for (const text of ['', '\n\n', 'd', 'data', 'eve', 'i', 'retry']) t.equal(formOf(Buffer.from(text)), null, text)
  t.equal(formOf(MARK.subarray(0, 1)), null)
  t.equal(formOf(MARK.subarray(0, 2)), null)
  t.equal(formOf(MARK), null)
  t.equal(formOf(Buffer.alloc(5_000, ' ')), 'other', 'nobody waits for ever')
})

t.test('a byte order mark is left out, once', async (t) => {
  t.equal(withoutMark(Buffer.concat([MARK, Buffer.from('{}')])).toString(), '{}')
  const plain = Buffer.from('{}')
  t.equal(withoutMark(plain), plain)
})
