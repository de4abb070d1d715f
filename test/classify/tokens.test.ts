import t from 'tap'
import { tokensOf } from '../../src/decision/classify/tokens.ts'
import { CHAT } from '../../src/core/endpoints.ts'
import { parseBody } from '../../src/formats/openai/request.ts'

/** Texts and their o200k counts, as gpt-tokenizer counts them. */
const COUNTED: readonly (readonly [name: string, tokens: number, text: string])[] = [
  [
    'prose',
    73,
    'The harbour was quiet when the last ferry came in. Two men carried a crate down the gangway, set it on the stones and looked at each other as if neither had expected it to be so light. A gull walked around them with the patience of an inspector. Somewhere behind the customs house a radio played a song that had been old when they were young.',
  ],
  ['question', 21, 'How do I reset the password of a user on a Linux server when I only have access through SSH?'],
  [
    'german',
    42,
    'Die Bundesregierung hat am Mittwoch beschlossen, die Förderung für den Ausbau von Ladestationen zu verlängern. Städte und Gemeinden können ab dem kommenden Frühjahr neue Anträge stellen, müssen jedoch einen Teil der Kosten selbst tragen.',
  ],
  [
    'french',
    42,
    "Le conseil municipal a voté hier soir le budget de l'année prochaine. Les travaux du pont commenceront au printemps, et la circulation sera déviée pendant trois mois par les quais de la rive gauche.",
  ],
  [
    'spanish',
    42,
    'La biblioteca del barrio abrirá de nuevo en septiembre, después de dos años de obras. Los vecinos podrán usar las salas de estudio hasta las diez de la noche y pedir prestados libros, películas y juegos.',
  ],
  [
    'russian',
    45,
    'Поезд отправляется с третьего пути через десять минут. Пассажиров просят занять свои места и приготовить билеты. Вагон-ресторан находится в середине состава и открыт до полуночи.',
  ],
  [
    'chinese',
    45,
    '请把下面这封邮件翻译成英文，语气要礼貌一些。我们公司的新产品将在下个月上市，希望贵公司能够提前了解相关的技术参数和价格信息，以便安排采购计划。',
  ],
  [
    'japanese',
    55,
    '来週の会議の資料を準備してください。売上のグラフと、新しいお客様のリストを入れて、金曜日までに送っていただけると助かります。質問があれば、いつでも連絡してください。',
  ],
  [
    'korean',
    38,
    '다음 주 금요일까지 보고서를 제출해 주세요. 첫 번째 장에는 시장 조사 결과를 정리하고, 두 번째 장에는 앞으로의 계획을 자세히 설명하면 됩니다.',
  ],
  [
    'arabic',
    33,
    'يرجى إرسال التقرير قبل نهاية الأسبوع المقبل. يجب أن يتضمن الفصل الأول نتائج الدراسة، أما الفصل الثاني فيشرح الخطة المقترحة للعام القادم.',
  ],
  [
    'python',
    83,
    'def merge(left, right):\n    result = []\n    i = j = 0\n    while i < len(left) and j < len(right):\n        if left[i] <= right[j]:\n            result.append(left[i])\n            i += 1\n        else:\n            result.append(right[j])\n            j += 1\n    result.extend(left[i:])\n    result.extend(right[j:])\n    return result\n',
  ],
  [
    'json',
    90,
    '{"orders":[{"id":48213,"customer":"Velora Travel","total":1249.9,"items":[{"sku":"AB-1093","count":2},{"sku":"ZX-7710","count":1}],"paid":true},{"id":48214,"customer":"Kestrel Analytics","total":87.35,"items":[{"sku":"QQ-0042","count":5}],"paid":false}]}',
  ],
  [
    'numbers',
    64,
    '2024-01-15 3.14159 2.71828 1.41421 1.73205 299792458 6.02214 1.60218 9.10938 1000000 4096 65536 1024 768 512 128',
  ],
  [
    'markdown',
    85,
    '# Release notes\n\n## 2.4.0\n\n- **Added**: export to CSV and PDF\n- **Changed**: the settings page is now `/account/settings`\n- **Fixed**: a crash when a table had no rows\n\n| Plan | Price | Seats |\n| --- | ---: | ---: |\n| Free | 0 | 1 |\n| Team | 12 | 10 |\n',
  ],
]

/** How far off the estimate may be; the marks of dense JSON are joined by tokenizers as nothing else is. */
const MOST = 0.35
const MOST_OF_JSON = 0.4

/** As the bodies of requests are read: one character for each byte. */
const bytes = (text: string): string => Buffer.from(text).toString('latin1')

for (const [name, counted, text] of COUNTED)
  t.test(`tokens of a text: ${name}`, async (t) => {
    const found = tokensOf(bytes(text))
    const most = name === 'json' ? MOST_OF_JSON : MOST
    t.ok(Math.abs(found / counted - 1) <= most, `${found}, counted ${counted}`)
    t.equal(tokensOf(bytes(text)), found, 'the same again')
  })

t.test('a long text is judged by samples, as well as by all of it', async (t) => {
  const prose = COUNTED[0]![2]
  const long = Array.from({ length: 60 }, () => prose).join('\n')
  const counted = 4380
  t.ok(Math.abs(tokensOf(long) / counted - 1) < 0.2, `${tokensOf(long)}, counted ${counted}`)
})

t.test('so is one that was cut when it was read', async (t) => {
  const prose = COUNTED[0]![2]
  for (const times of [100, 3000]) {
    const content = Array.from({ length: times }, () => prose).join('\n')
    const raw = Buffer.from(JSON.stringify({ model: 'm', messages: [{ role: 'user', content }] }))
    const { body } = parseBody(raw, CHAT).prompt
    const text = (body['messages'] as readonly { content: string }[])[0]!.content
    const counted = 73 * times
    t.ok(Math.abs(tokensOf(text) / counted - 1) < 0.3, `${tokensOf(text)}, counted ${counted}`)
  }
})

t.test('nothing is nothing, and more is more', async (t) => {
  t.equal(tokensOf(''), 0)
  let before = 0
  for (let words = 1; words < 100; words++) {
    const found = tokensOf('word '.repeat(words))
    t.ok(found > before)
    before = found
  }
})
