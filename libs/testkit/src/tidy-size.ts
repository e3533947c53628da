import ts from 'typescript'
import { lineOf, visit, type Source } from './tidy.ts'

/** More than a screen or two is more than a reader holds in the head; tests are read one at a time and may be longer. */
const FILE_LINES_MAX = 300
const TEST_FILE_LINES_MAX = 600
const FUNCTION_LINES_MAX = 60

/** What is too long, by `file` or `file#function`, with its length in lines. */
export function tooLong(sources: readonly Source[]): Map<string, number> {
  const found = new Map<string, number>()
  for (const { file, text, isTest, tree } of sources) {
    if (!tree) continue
    const lines = text.trimEnd().split('\n').length
    if (lines > (isTest ? TEST_FILE_LINES_MAX : FILE_LINES_MAX)) found.set(file, lines)
    visit(tree, (node) => {
      if (!isMeasured(node)) return
      const length = linesOf(node)
      if (length > FUNCTION_LINES_MAX) found.set(`${file}#${nameOf(node)}`, length)
    })
  }
  return found
}

/** What is too long and not allowed to be, and what is allowed to be longer than it is: the list may only shrink. */
export function againstAllowance(
  found: ReadonlyMap<string, number>,
  allowed: Readonly<Record<string, number>>,
): string[] {
  const places = new Set([...found.keys(), ...Object.keys(allowed)])
  return [...places].flatMap((place) => {
    const lines = found.get(place)
    const most = allowed[place]
    if (lines === most) return []
    if (most === undefined) return [`${place} is ${lines} lines long`]
    if (lines === undefined) return [`${place} is short enough now: take it off the list`]
    return [lines > most ? `${place} grew from ${most} to ${lines} lines` : `${place}: lower the entry to ${lines}`]
  })
}

/** Functions with a body, but not the callback of `describe`, which is a chapter and not a function. */
function isMeasured(node: ts.Node): node is ts.SignatureDeclaration {
  if (!ts.isFunctionLike(node) || !('body' in node) || !node.body) return false
  const { parent } = node
  return !(ts.isCallExpression(parent) && /^describe\b/.test(parent.expression.getText()))
}

function linesOf(node: ts.Node): number {
  return node.getSourceFile().getLineAndCharacterOfPosition(node.end).line + 2 - lineOf(node)
}

/** Its own name, or that of the variable or property that holds it, or its line. */
function nameOf(node: ts.SignatureDeclaration): string {
  return ts.getNameOfDeclaration(node)?.getText() ?? `line ${lineOf(node)}`
}
