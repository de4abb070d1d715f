/** The text of a configuration: where in it a path stands, and what a line of it may show. */
import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  type LineCounter,
  type Node,
  type Pair,
} from 'yaml'
import { excerptOf } from './excerpt.ts'
import { pathParts, pathText } from './file-path.ts'
import { hiddenShapes, hiddenValues, type Range } from './hidden.ts'
import type { Issue, Place } from './issues.ts'
import { optionNames } from './option-names.ts'

type Part = string | number

export class SourceText {
  readonly #text: string
  readonly #document: Document
  readonly #lines: LineCounter
  #hidden: readonly Range[] | null = null

  constructor(text: string, document: Document, lines: LineCounter) {
    this.#text = text
    this.#document = document
    this.#lines = lines
  }

  /** The issue with its place: of the option, or of the map that lacks it. */
  placed(issue: Issue): Issue {
    if (issue.place !== undefined) return issue
    const range = this.#rangeOf(pathParts(issue.path), issue.ofName === true)
    return range === null ? issue : { ...issue, place: this.placeAt(...range) }
  }

  /** Characters of the text. What lies behind the end of the line is not marked. */
  placeAt(from: number, until: number): Place {
    const { line, col } = this.#lines.linePos(from)
    const start = from - (col - 1)
    const end = /\r?\n|$/.exec(this.#text.slice(start))!.index + start
    const text = this.#text.slice(start, end)
    this.#hidden ??= hiddenValues(this.#document)
    const within = (at: number): number => Math.max(0, Math.min(at, end) - start)
    const hidden = this.#hidden.filter(([a, b]) => a < end && b > start).map(([a, b]): Range => [within(a), within(b)])
    const shapes = hiddenShapes(text, this.#document.errors.length > 0)
    return { line, column: col, excerpt: excerptOf(text, [from - start, within(until)], [...hidden, ...shapes]) }
  }

  /** The option in which a character of the text stands, as far as its names are known: in a broken text anything may be read as a name. */
  pathAt(at: number): string {
    const path: Part[] = []
    let node: unknown = this.#document.contents
    while (isCollection(node)) {
      const inside = node.items.findLastIndex((item) => contains(item, at))
      const item: unknown = node.items[inside]
      if (isPair(item)) {
        if (!optionNames().has(nameOf(item))) break
        path.push(nameOf(item))
        node = item.value
      } else {
        if (inside >= 0) path.push(inside)
        node = item
      }
    }
    return pathText(path)
  }

  #rangeOf(path: readonly Part[], ofName: boolean): Range | null {
    let node: Node | null = this.#document.contents
    let range = isNode(node) ? rangeOfValue(node, null) : null
    for (const [index, part] of path.entries()) {
      const holder = this.#resolved(node)
      const item: unknown = isMap(holder)
        ? this.#pairOf(holder.items, String(part))
        : isSeq(holder)
          ? holder.items[Number(part)]
          : undefined
      if (item === undefined) return range
      if (isPair(item)) {
        const key = isScalar(item.key) && item.key.range ? item.key.range : null
        const last = index === path.length - 1
        node = isNode(item.value) ? item.value : null
        range = (last && ofName) || node === null ? key && [key[0], key[1]] : rangeOfValue(node, key)
      } else {
        node = isNode(item) ? item : null
        range = node === null ? range : rangeOfValue(node, null)
      }
    }
    return range
  }

  /** Also among the options of another map that are merged in. */
  #pairOf(items: readonly Pair[], name: string): Pair | undefined {
    const own = items.findLast((item) => nameOf(item) === name)
    if (own !== undefined) return own
    return items
      .filter((item) => nameOf(item) === '<<')
      .map(({ value }) => this.#resolved(isNode(value) ? value : null))
      .flatMap((merged) =>
        isSeq(merged) ? merged.items.map((one) => this.#resolved(isNode(one) ? one : null)) : [merged],
      )
      .flatMap((merged) => (isMap(merged) ? [this.#pairOf(merged.items, name)] : []))
      .find((found) => found !== undefined)
  }

  #resolved(node: Node | null): Node | null {
    return isAlias(node) ? (node.resolve(this.#document) ?? null) : node
  }
}

const nameOf = ({ key }: Pair): string => (isScalar(key) ? String(key.value) : '')

/** A value of several lines is told by its name, where it has one, or else by what it begins with. */
function rangeOfValue(node: Node, key: readonly [number, number, number] | null): Range | null {
  if (!node.range) return key && [key[0], key[1]]
  const [from, until] = node.range
  if (!isCollection(node) || node.flow === true) return from === until && key ? [key[0], key[1]] : [from, until]
  if (key !== null) return [key[0], key[1]]
  const [first]: readonly unknown[] = node.items
  const begin = isPair(first) ? first.key : first
  return isNode(begin) && begin.range ? [begin.range[0], begin.range[1]] : [from, from + 1]
}

function contains(item: unknown, at: number): boolean {
  const [begin, end] = isPair(item) ? [item.key, item.value ?? item.key] : [item, item]
  if (!isNode(begin) || !isNode(end) || !begin.range || !end.range) return false
  return begin.range[0] <= at && at <= end.range[2]
}
