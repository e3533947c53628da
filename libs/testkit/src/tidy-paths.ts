import { existsSync } from 'node:fs'
import path from 'node:path'
import { wordsOf, type Source } from './tidy.ts'

const REPO_PATH = /(?<![\w@./~-])(?:apps|libs|docs|prisma|tools|infra)\/[\w./*{},<>…-]*[\w*}>…/]/g
const LINK = /\]\(([^()\s]+)\)/g
/** A file without its folders, as in `meter.ts`; `x.ts` and `*.ts` stand for any. */
const FILE_NAME = /`((?!x\.)[\w-][\w./-]*\.(?:[cm]?[jt]sx?|prisma|ya?ml|md))`/g
/** Patterns and placeholders; hidden files are made by whoever runs the product. */
const NOT_ONE_FILE = /[*{}<…]|\/\./

/** What pages, and comments of code, name and the repository does not have, as `file:line  what`. */
export function lostPaths(root: string, sources: readonly Source[]): string[] {
  const files = sources.map(({ file }) => `/${file}`)
  return sources.flatMap((source) => {
    const { file } = source
    const isPage = file.endsWith('.md')
    return wordsOf(source).flatMap(([line, text]) => {
      const named = found(text, REPO_PATH).filter((name) => !isThere(root, name))
      const links = isPage
        ? found(text, LINK).filter((link) => !isThere(path.join(root, path.dirname(file)), link))
        : []
      const bare = isPage ? found(text, FILE_NAME).filter((name) => !files.some((one) => one.endsWith(`/${name}`))) : []
      return [...new Set([...named, ...links, ...bare])].map((name) => `${file}:${line}  ${name}`)
    })
  })
}

function found(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] ?? match[0])
}

function isThere(folder: string, name: string): boolean {
  if (NOT_ONE_FILE.test(name) || /^(?:[a-z]+:|#)/.test(name)) return true
  return existsSync(path.join(folder, name.replace(/#.*$/, '')))
}
