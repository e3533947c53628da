import path from 'node:path'
import ts from 'typescript'
import { visit, type Source } from './tidy.ts'

/** Files that a tool reads by their place: its settings and its types. */
const READ_BY_TOOLS = /(?:^|\.)config\.[cm]?ts$|\.d\.ts$|\/global-setup\.ts$/
const EVERYTHING = '*'

/**
 * Exports that no other file imports, as `file: name`. A name in a lib's `index.ts` counts as imported only where another lib or app
 * imports it by the lib's alias. A file that is imported whole (`import * as`, `import()`) exports nothing in vain.
 */
export function unusedExports(sources: readonly Source[]): string[] {
  const known = new Set(sources.map(({ file }) => file))
  const imported = new Set<string>()
  const exported: [file: string, name: string][] = []
  for (const { file, tree } of sources) {
    if (!tree) continue
    visit(tree, (node) => {
      for (const [specifier, name] of importsIn(node)) {
        const from = resolved(file, specifier, known)
        if (from) imported.add(`${from}: ${name}`)
      }
    })
    if (READ_BY_TOOLS.test(file)) continue
    for (const name of exportsOf(tree)) exported.push([file, name])
  }
  return exported
    .filter(([file, name]) => !imported.has(`${file}: ${name}`) && !imported.has(`${file}: ${EVERYTHING}`))
    .map(([file, name]) => `${file}: ${name}`)
}

/** What a node imports or passes on: module and name. */
function importsIn(node: ts.Node): [specifier: string, name: string][] {
  if (ts.isImportDeclaration(node)) {
    const from = textOf(node.moduleSpecifier)
    const clause = node.importClause
    const bindings = clause?.namedBindings
    const named = bindings && ts.isNamedImports(bindings) ? bindings.elements : []
    return [
      ...(clause?.name ? [[from, 'default'] as [string, string]] : []),
      ...(bindings && ts.isNamespaceImport(bindings) ? [[from, EVERYTHING] as [string, string]] : []),
      ...named.map(({ propertyName, name }): [string, string] => [from, (propertyName ?? name).text]),
    ]
  }
  if (
    ts.isExportDeclaration(node) &&
    node.moduleSpecifier &&
    node.exportClause &&
    ts.isNamedExports(node.exportClause)
  ) {
    const from = textOf(node.moduleSpecifier)
    return node.exportClause.elements.map(({ propertyName, name }) => [from, (propertyName ?? name).text])
  }
  const isDynamic = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
  if (isDynamic && node.arguments[0]) return [[textOf(node.arguments[0]), EVERYTHING]]
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    return [[textOf(node.argument.literal), EVERYTHING]]
  }
  return []
}

function textOf(node: ts.Node): string {
  return ts.isStringLiteralLike(node) ? node.text : ''
}

/** The file of this repository that a module specifier names; null for a package. */
function resolved(file: string, specifier: string, known: ReadonlySet<string>): string | null {
  const lib = /^@turnpike\/([a-z]+)(?:\/([a-z]+))?$/.exec(specifier)
  if (lib) return `libs/${lib[1]}/src/${lib[2] ?? 'index'}.ts`
  if (!specifier.startsWith('.')) return null
  const target = path.posix.join(path.posix.dirname(file), specifier)
  return [target, `${target}.ts`, `${target}.tsx`].find((candidate) => known.has(candidate)) ?? null
}

function exportsOf(tree: ts.SourceFile): string[] {
  return tree.statements.flatMap((statement) => {
    if (ts.isExportDeclaration(statement)) {
      const clause = statement.exportClause
      return clause && ts.isNamedExports(clause) ? clause.elements.map(({ name }) => name.text) : []
    }
    const modifiers = ts.canHaveModifiers(statement) ? (ts.getModifiers(statement) ?? []) : []
    const has = (kind: ts.SyntaxKind) => modifiers.some((modifier) => modifier.kind === kind)
    if (!has(ts.SyntaxKind.ExportKeyword)) return []
    if (has(ts.SyntaxKind.DefaultKeyword)) return ['default']
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations.flatMap(({ name }) => (ts.isIdentifier(name) ? [name.text] : []))
    }
    const name = ts.getNameOfDeclaration(statement as ts.DeclarationStatement)
    return name && ts.isIdentifier(name) ? [name.text] : []
  })
}
