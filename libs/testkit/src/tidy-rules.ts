import ts from 'typescript'
import { WORD_RULES } from './tidy-words.ts'
import { lineOf, visit, type Source } from './tidy.ts'

/** A habit that the whole repository keeps. `node` judges code by its syntax, `line` judges any text line by line. */
export type Rule = { readonly where?: (source: Source) => boolean } & (
  { readonly node: (node: ts.Node) => boolean } | { readonly line: RegExp }
)

const isProduct = ({ file, isTest }: Source) =>
  /^(?:apps|libs)\//.test(file) && !isTest && !file.startsWith('libs/testkit/')
const isTest = (source: Source) => source.isTest
const isDomain = ({ file, isTest: forTests }: Source) => file.startsWith('libs/domain/') && !forTests
/** Paths inside a container image are not paths of anybody's machine. */
const isOutsideInfra = ({ file }: Source) => !file.startsWith('infra/')
const mayNotReadEnvironment = (source: Source) =>
  isProduct(source) && !/(?:^|\/)config\.ts$|\.config\.ts$/.test(source.file)
const mayNotPrint = (source: Source) =>
  isProduct(source) && !/^apps\/(?:standalone|bench)\/src\/print\.ts$/.test(source.file)

const BANNED_ENDING = /(?:^|[a-z])(?:Utils?|Helpers?|Managers?|Services?|Impls?)$/

/** Every rule under the promise that its test makes. */
export const RULES = {
  'uses no forwardRef: a cycle is a fault of the plan, not something to bridge': {
    node: (node) => ts.isIdentifier(node) && node.text === 'forwardRef',
  },
  'names no interface after its kind': {
    node: (node) => ts.isInterfaceDeclaration(node) && /^I[A-Z][a-z]/.test(node.name.text),
  },
  'names nothing Utils, Helper, Manager, Service or Impl': {
    node: (node) => BANNED_ENDING.test(declaredName(node)),
  },
  'never re-exports everything': {
    node: (node) => ts.isExportDeclaration(node) && (!node.exportClause || ts.isNamespaceExport(node.exportClause)),
  },
  'never says any': { node: (node) => node.kind === ts.SyntaxKind.AnyKeyword },
  'leaves no note to do it later': { line: /\b(?:TO[D]O|FIX[M]E|X[X]X)\b/ },
  'reads the environment in the config of each process only': {
    where: mayNotReadEnvironment,
    node: (node) => isMember(node, 'process', 'env'),
  },
  'logs through pino, never to the console': {
    where: mayNotPrint,
    node: (node) => isMember(node, 'console'),
  },
  'runs every test, always': {
    where: isTest,
    node: (node) => ['it', 'test', 'describe'].some((name) => isMember(node, name, 'only', 'skip', 'todo', 'fixme')),
  },
  'waits for events, never sleeps in a test': { where: isTest, node: isSleep },
  'keeps clock, dice and the outside out of the domain': { where: isDomain, node: isImpure },
  'names no folder of a single machine': {
    where: isOutsideInfra,
    line: /(?<![\w.})\]])\/(?:work|home|tmp|root|Users)\/[\w.-]|['"`]\/(?:work|tmp)['"`]/,
  },
  'speaks of the product alone': {
    line: /\bhelper[ -]session|\bissue #[0-9]|\b(?:AI|coding|virtual)[ -]assistant|\b(?:written|coded|authored) (?:by|with) (?:an? )?(?:AI|LLM|Claude|ChatGPT|Copilot)\b|\bas an AI\b/i,
  },
  ...WORD_RULES,
} satisfies Record<string, Rule>

/** Where a source breaks a rule, as `file:line  the line itself`. */
export function offences(rule: Rule, source: Source): string[] {
  if (rule.where && !rule.where(source)) return []
  const lines = source.text.split('\n')
  const found = new Set<number>()
  if ('line' in rule) lines.forEach((line, index) => rule.line.test(line) && found.add(index + 1))
  else if (source.tree) visit(source.tree, (node) => rule.node(node) && found.add(lineOf(node)))
  return [...found].map((line) => `${source.file}:${line}  ${lines[line - 1]?.trim() ?? ''}`)
}

/** A name that a node introduces, or nothing. */
function declaredName(node: ts.Node): string {
  const declares =
    ts.isClassDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isFunctionDeclaration(node) ||
    ts.isEnumDeclaration(node) ||
    ts.isVariableDeclaration(node)
  return declares && node.name && ts.isIdentifier(node.name) ? node.name.text : ''
}

/** `object.member` or `object['member']`; without members named, any member. */
function isMember(node: ts.Node, object: string, ...members: readonly string[]): boolean {
  if (!ts.isPropertyAccessExpression(node) && !ts.isElementAccessExpression(node)) return false
  if (!ts.isIdentifier(node.expression) || node.expression.text !== object) return false
  if (members.length === 0) return true
  if (ts.isPropertyAccessExpression(node)) return members.includes(node.name.text)
  return ts.isStringLiteralLike(node.argumentExpression) && members.includes(node.argumentExpression.text)
}

/** A promise that only time fulfils. A timer that rejects is a deadline and welcome. */
function isSleep(node: ts.Node): boolean {
  if (ts.isImportDeclaration(node)) return node.moduleSpecifier.getText().includes('timers/promises')
  if (ts.isPropertyAccessExpression(node)) return node.name.text === 'waitForTimeout'
  if (!ts.isNewExpression(node) || node.expression.getText() !== 'Promise') return false
  const executor = node.arguments?.[0]
  if (!executor || (!ts.isArrowFunction(executor) && !ts.isFunctionExpression(executor))) return false
  const resolve = executor.parameters[0]?.name.getText() ?? ''
  return new RegExp(String.raw`\bsetTimeout\((?:${resolve}\b|\(\) => ${resolve}\()`).test(executor.body.getText())
}

function isImpure(node: ts.Node): boolean {
  if (ts.isAwaitExpression(node)) return true
  if (ts.isNewExpression(node)) return node.expression.getText() === 'Date' && !node.arguments?.length
  if (isMember(node, 'Date', 'now') || isMember(node, 'Math', 'random')) return true
  return ['process', 'performance', 'crypto', 'globalThis', 'console'].some((name) => isMember(node, name))
}
