import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import ts from 'typescript'

/** One file of the repository as the tidy rules see it. */
export interface Source {
  /** Relative to the root, with `/`. */
  readonly file: string
  readonly text: string
  /** Only ever runs in tests. */
  readonly isTest: boolean
  /** Null for whatever is not TypeScript or JavaScript. */
  readonly tree: ts.SourceFile | null
}

const CODE = /\.[cm]?[jt]sx?$/
const PROSE = /\.(?:md|sql|prisma|json|ya?ml|html|css)$|(?:^|\/)Dockerfile$/
const TEST = /\.(?:test|spec|contract|fixture)\.tsx?$|^(?:apps|libs)\/[^/]+\/(?:src\/)?(?:test|e2e|faults)\//
/** Made by machines or by others. */
const FOREIGN = /^(?:node_modules|dist|package-lock\.json|libs\/store\/src\/generated|test-results)$/

/** Reads every file that people of this project wrote: code, schemas, pages. Hidden files and folders are left out. */
export function readRepository(root: string): Source[] {
  return list(root, '').map((file) => sourceOf(file, readFileSync(path.join(root, file), 'utf8')))
}

function list(root: string, folder: string): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const file = folder ? `${folder}/${entry.name}` : entry.name
    if (entry.name.startsWith('.') || FOREIGN.test(file)) return []
    if (entry.isDirectory()) return list(root, file)
    return CODE.test(file) || PROSE.test(file) ? [file] : []
  })
}

/** A source from its text; code is parsed when its tree is first read. */
export function sourceOf(file: string, text: string): Source {
  let tree: ts.SourceFile | null = null
  return {
    file,
    text,
    isTest: TEST.test(file),
    get tree() {
      const kind = file.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS
      if (CODE.test(file)) tree ??= ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true, kind)
      return tree
    },
  }
}

/** Visits a tree's nodes, parents before children. */
export function visit(node: ts.Node, seen: (node: ts.Node) => void): void {
  seen(node)
  node.forEachChild((child) => visit(child, seen))
}

/** The line a node begins on, counted from 1; comments before it do not belong to it. */
export function lineOf(node: ts.Node): number {
  const tree = node.getSourceFile()
  return tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1
}

/** A line that is a comment, or the comment behind code. */
const COMMENT = /^\s*(?:\/\/|\/?\*)\s?(.*)$|\s\/\/ (.*)$/

/** What a source says in words, line by line: the lines of a page, the comments of code. Nothing of JSON. */
export function wordsOf({ file, text }: Source): (readonly [line: number, words: string])[] {
  if (file.endsWith('.json')) return []
  return text.split('\n').flatMap((line, index) => {
    const [, whole, behind] = (CODE.test(file) ? COMMENT.exec(line) : [line, line]) ?? []
    const words = whole ?? behind
    return words === undefined ? [] : [[index + 1, words] as const]
  })
}
