/** Texts of many shapes, and what two tokenizers (o200k, cl100k) make of them, as gpt-tokenizer counts. */
import { createHash } from 'node:crypto'

/** The same random bytes each time. */
function bytes(size: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(size / 32) }, (_, i) => createHash('sha256').update(`x${i}`).digest())
  return Buffer.concat(blocks).subarray(0, size)
}

const lines = (count: number, line: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => line(i)).join('\n')

export const TEXTS: Readonly<Record<string, string>> = {
  'table of contents': lines(120, (i) => `Chapter ${i} ${'.'.repeat(90)} ${i}`),
  'spaced dots': lines(40, (i) => `Chapter ${i} ${'. '.repeat(40)}${i}`),
  'rules of equals': lines(40, (i) => `${'='.repeat(80)}\nSection ${i}\n${'='.repeat(80)}`),
  'rules of dashes': lines(40, (i) => `${'-'.repeat(72)}\nSection ${i}`),
  'comment banners': lines(40, (i) => `/${'*'.repeat(78)}/\n/* part ${i} */`),
  hashes: lines(40, (i) => `${'#'.repeat(79)}\n# part ${i}`),
  underscores: lines(40, () => `Name ${'_'.repeat(60)} Date ${'_'.repeat(20)}`),
  'box drawing': lines(30, (i) => `┌${'─'.repeat(38)}┐\n│ row ${i}${' '.repeat(30)}│\n└${'─'.repeat(38)}┘`),
  'double box': lines(30, (i) => `╔${'═'.repeat(38)}╗\n║ row ${i}${' '.repeat(30)}║\n╚${'═'.repeat(38)}╝`),
  tree: lines(60, (i) => `${'│   '.repeat(i % 4)}├── file${i}.ts`),
  'progress bars': lines(40, (i) => `Downloading: ${'█'.repeat(i)}${'░'.repeat(40 - i)} ${i * 2}%`),
  'ascii progress': lines(40, (i) => `[${'#'.repeat(i)}${'.'.repeat(40 - i)}] ${i * 2}% eta 0:${10 + i}`),
  pytest: lines(40, (i) => `tests/unit/test_module_${i}.py ${'.'.repeat(60)} [${String(i * 2).padStart(3)}%]`),
  'pytest verbose': lines(
    40,
    (i) => `tests/unit/test_api.py::TestUser::test_case_${i} PASSED${' '.repeat(20)}[ ${i + 10}%]`,
  ),
  'ascii table':
    `+${'-'.repeat(10)}+${'-'.repeat(20)}+\n` +
    lines(40, (i) => `| ${String(i).padEnd(8)} | ${`name${i}`.padEnd(18)} |\n+${'-'.repeat(10)}+${'-'.repeat(20)}+`),
  'markdown table': lines(40, (i) => `| item ${i} | ${i * 3} | yes | 2024-01-${10 + (i % 20)} |`),
  'indented code': lines(40, (i) => `${' '.repeat(4 * (i % 6))}if (value[${i}] === null) { return false }`),
  tabs: lines(40, (i) => `${'\t'.repeat(1 + (i % 5))}call(${i})`),
  columns: lines(40, (i) => `eth${i}${' '.repeat(20)}UP${' '.repeat(30)}${i * 1000}`),
  'blank lines': lines(40, (i) => `text ${i}\n\n\n\n\n`),
  base64: bytes(3000).toString('base64'),
  hex: bytes(2000).toString('hex'),
  'hex dump': lines(
    60,
    (i) =>
      `${(i * 16).toString(16).padStart(8, '0')}  ${[...bytes(16 * 60).subarray(i * 16, i * 16 + 16)].map((b) => b.toString(16).padStart(2, '0')).join(' ')}  |................|`,
  ),
  uuids: lines(60, (i) =>
    createHash('md5')
      .update(`u${i}`)
      .digest('hex')
      .replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5'),
  ),
  'minified json': JSON.stringify(
    Array.from({ length: 60 }, (_, i) => ({ id: i, name: `user${i}`, ok: i % 2 === 0, v: [i, i * 2], s: null })),
  ),
  'minified js':
    'function a(b,c){return b.d?(c.e||(c.e=[]),c.e.push(b.d),!0):!1}var f={g:function(h){for(var i=0;i<h.length;i++)h[i]&&this.j(h[i])}};'.repeat(
      12,
    ),
  csv: lines(80, (i) => `${i},2024-03-${10 + (i % 20)},${(i * 17.31).toFixed(2)},EUR,open`),
  'log lines': lines(
    60,
    (i) =>
      `2024-05-01T12:${10 + (i % 50)}:03.${100 + i}Z INFO [worker-${i % 4}] request_id=${createHash('md5').update(`l${i}`).digest('hex').slice(0, 12)} status=200 duration=${i * 3}ms`,
  ),
  'stack trace': lines(
    40,
    (i) => `    at Object.handler${i} (/srv/app/node_modules/express/lib/router/layer.js:${90 + i}:5)`,
  ),
  urls: lines(
    40,
    (i) => `https://www.example.com/products/category-${i}/item?id=${i * 7919}&utm_source=newsletter&ref=abc${i}`,
  ),
  emoji: '😀😂🥲👍🏽🎉🚀'.repeat(60),
  'one emoji': '🚀'.repeat(300),
  chinese: '请把下面这封邮件翻译成英文，语气要礼貌一些。我们公司的新产品将在下个月上市。'.repeat(20),
  japanese: '来週の会議の資料を準備してください。売上のグラフと、新しいお客様のリストを入れて。'.repeat(20),
  korean: '다음 주 금요일까지 보고서를 제출해 주세요. 첫 번째 장에는 시장 조사 결과를 정리하고.'.repeat(20),
  hindi: 'कृपया अगले सप्ताह की बैठक के लिए दस्तावेज़ तैयार करें और मुझे भेज दें।'.repeat(20),
  thai: 'กรุณาเตรียมเอกสารสำหรับการประชุมสัปดาห์หน้าและส่งให้ฉันก่อนวันศุกร์'.repeat(20),
  latex: lines(
    40,
    (i) => `\\frac{\\partial^2 u_{${i}}}{\\partial x^2} + \\sum_{k=0}^{n} \\alpha_k \\, \\mathbf{v}_k = 0 \\\\`,
  ),
  html: lines(40, (i) => `<div class="row"><span id="s${i}">Text ${i}</span><a href="#top">up</a></div>`),
  xml: lines(40, (i) => `  <item key="${i}"><name>n${i}</name><value xsi:nil="true"/></item>`),
  sql: lines(40, (i) => `INSERT INTO orders (id, customer, total) VALUES (${i}, 'C${i}', ${i * 3}.50);`),
  'one letter': 'a'.repeat(3000),
  zeros: '0'.repeat(3000),
  laughter: 'ha'.repeat(1000),
  quotes: '"'.repeat(2000),
  'question marks': '?'.repeat(2000),
  blanks: ' '.repeat(5000),
  escapes: '\\u0000'.repeat(400),
  ansi: lines(60, (i) => `\u001b[32m✔\u001b[39m step ${i} \u001b[2K\u001b[1G`),
  diff: lines(60, (i) => `${'+- '.charAt(i % 3)}    const value${i} = compute(${i})`),
  dna: Array.from(bytes(3000))
    .map((b) => 'ACGT'.charAt(b & 3))
    .join(''),
  morse: lines(40, () => '... --- ... .-.. .- -. --.'),
  lorem: 'Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore. '.repeat(
    20,
  ),
}

export const COUNTED: Readonly<Record<string, readonly [o200k: number, cl100k: number]>> = {
  'table of contents': [1079, 1079],
  'spaced dots': [1839, 1839],
  'rules of equals': [319, 319],
  'rules of dashes': [239, 239],
  'comment banners': [281, 240],
  hashes: [279, 239],
  underscores: [320, 320],
  'box drawing': [749, 869],
  'double box': [839, 1619],
  tree: [584, 509],
  'progress bars': [1268, 1232],
  'ascii progress': [574, 565],
  pytest: [605, 605],
  'pytest verbose': [840, 840],
  'ascii table': [606, 565],
  'markdown table': [720, 720],
  'indented code': [553, 553],
  tabs: [192, 192],
  columns: [358, 358],
  'blank lines': [160, 160],
  base64: [2728, 2875],
  hex: [2268, 2261],
  'hex dump': [2511, 2511],
  uuids: [1428, 1425],
  'minified json': [1382, 1382],
  'minified js': [672, 672],
  csv: [1381, 1381],
  'log lines': [2332, 2332],
  'stack trace': [880, 880],
  urls: [998, 998],
  emoji: [660, 1140],
  'one emoji': [600, 900],
  chinese: [540, 860],
  japanese: [600, 900],
  korean: [480, 780],
  hindi: [420, 1500],
  thai: [560, 1180],
  latex: [1679, 1720],
  html: [1120, 1120],
  xml: [880, 840],
  sql: [920, 920],
  'one letter': [375, 375],
  zeros: [1000, 1000],
  laughter: [501, 999],
  quotes: [500, 1000],
  'question marks': [250, 500],
  blanks: [40, 40],
  escapes: [1200, 1200],
  ansi: [1319, 1079],
  diff: [580, 580],
  dna: [1551, 1563],
  morse: [440, 440],
  lorem: [361, 361],
}
