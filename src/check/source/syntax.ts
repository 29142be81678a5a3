import type ts from 'typescript'
import type { Compiler } from './compiler.ts'

/** What a function returns, those inside it left out. */
export function returnedBy(fn: ts.SignatureDeclaration, compiler: Compiler): readonly ts.Expression[] {
  const body = 'body' in fn ? fn.body : undefined
  if (!body) return []
  if (!compiler.isBlock(body)) return [body as ts.Expression]
  const found: ts.Expression[] = []
  const visit = (node: ts.Node): void => {
    if (compiler.isFunctionLike(node) || compiler.isClassLike(node)) return
    if (compiler.isReturnStatement(node) && node.expression) found.push(node.expression)
    compiler.forEachChild(node, visit)
  }
  visit(body)
  return found
}

/** An expression without what only changes its type. */
export function bare(node: ts.Expression, compiler: Compiler): ts.Expression {
  if (
    compiler.isParenthesizedExpression(node) ||
    compiler.isAsExpression(node) ||
    compiler.isTypeAssertionExpression(node) ||
    compiler.isSatisfiesExpression(node) ||
    compiler.isNonNullExpression(node)
  )
    return bare(node.expression, compiler)
  return node
}

/** The same, and not waited for: what an async function returns is waited for anyhow. */
export function settled(node: ts.Expression, compiler: Compiler): ts.Expression {
  const inner = bare(node, compiler)
  return compiler.isAwaitExpression(inner) ? settled(inner.expression, compiler) : inner
}

/** The expressions of which one is the value; `undefined` where there is no choice. */
export function alternatives(node: ts.Expression, compiler: Compiler): readonly ts.Expression[] | undefined {
  if (compiler.isConditionalExpression(node)) return [node.whenTrue, node.whenFalse]
  if (!compiler.isBinaryExpression(node)) return undefined
  const { kind } = node.operatorToken
  const { CommaToken, BarBarToken, QuestionQuestionToken, AmpersandAmpersandToken } = compiler.SyntaxKind
  if (kind === CommaToken) return [node.right]
  const chooses = kind === BarBarToken || kind === QuestionQuestionToken || kind === AmpersandAmpersandToken
  return chooses ? [node.left, node.right] : undefined
}

/** The declaration of a name that stands for the same value for ever. */
export function constantOf(
  node: ts.Node,
  compiler: Compiler,
  checker: ts.TypeChecker,
): ts.VariableDeclaration | undefined {
  const made = compiler.isIdentifier(node) ? checker.getSymbolAtLocation(node)?.valueDeclaration : undefined
  return made &&
    compiler.isVariableDeclaration(made) &&
    compiler.isIdentifier(made.name) &&
    compiler.getCombinedNodeFlags(made) & compiler.NodeFlags.Const
    ? made
    : undefined
}

/** A function that is written as a value. */
export function functionIn(
  node: ts.Expression | undefined,
  compiler: Compiler,
): ts.ArrowFunction | ts.FunctionExpression | undefined {
  const found = node && bare(node, compiler)
  return found && (compiler.isArrowFunction(found) || compiler.isFunctionExpression(found))
    ? found
    : undefined
}

/** What an object that is written there gives for a key. */
export function property(
  node: ts.Expression | undefined,
  name: string,
  compiler: Compiler,
): ts.Expression | undefined {
  if (!node || !compiler.isObjectLiteralExpression(node)) return undefined
  const found = node.properties.find(
    (entry) => entry.name && 'text' in entry.name && entry.name.text === name,
  )
  return found && compiler.isPropertyAssignment(found) ? found.initializer : undefined
}

/** The function that a call calls, with its body; of methods of `this` the one that the class has in the end. */
export function bodyOf(
  call: ts.CallExpression,
  self: ts.Type | undefined,
  compiler: Compiler,
  checker: ts.TypeChecker,
): ts.SignatureDeclaration | undefined {
  const { expression } = call
  const own =
    self &&
    compiler.isPropertyAccessExpression(expression) &&
    expression.expression.kind === compiler.SyntaxKind.ThisKeyword
      ? checker.getPropertyOfType(self, expression.name.text)?.valueDeclaration
      : undefined
  const found = own ?? checker.getResolvedSignature(call)?.getDeclaration()
  return found && compiler.isFunctionLike(found) && 'body' in found && found.body ? found : undefined
}
