/**
 * Which of our functions refers to which, read from the sources with the TypeScript compiler.
 *
 * A function has a name: a declaration, a constant that holds a function, a member of an object. An inline function
 * belongs to the function around it. A reference counts as a call, so a function that is passed on counts for the one
 * that passes it. A member of an interface leads to every object used as that interface.
 */
import { join, relative } from 'node:path'
import * as ast from 'typescript/unstable/ast'
import {
  API,
  type Checker,
  type Symbol as Named,
  type Project,
  SymbolFlags,
  type Type,
  type UnionType,
} from 'typescript/unstable/sync'

export interface OwnFunction {
  readonly name: string
  /** Path from the top of the repository. */
  readonly path: string
  /** Our functions that it refers to. */
  readonly calls: Set<OwnFunction>
  /** Library functions it calls that reach beyond this process or write to disk. */
  readonly effects: Set<string>
}

/** Functions that reach beyond this process or write to disk, by where they are declared. */
const effects: readonly (readonly [library: RegExp, names: RegExp])[] = [
  [/\/node_modules\/(?:execa|zx)\//, /^(?:execa\w*|\$)$/],
  [/\/node\/child_process\.d/, /^(?:spawn|exec|execFile|fork)(?:Sync)?$/],
  [/\/node_modules\/(?:@smithy|@aws-sdk)\//, /^(?:send|paginate\w+|waitUntil\w+)$/],
  [/\/node\/(?:net|tls|https?|dgram)\.d/, /^(?:connect|createConnection|createServer|createSocket|request|listen)$/],
  [/\/(?:@types\/node|undici-types)\//, /^fetch$/],
  [
    /\/node\/fs(?:\/promises)?\.d/,
    /^(?:writeFile|appendFile|mkdir|mkdtemp|rename|rm|cp|copyFile|link|symlink|unlink|chmod|utimes|createWriteStream)(?:Sync)?$/,
  ],
]

interface Targets {
  readonly functions: Set<OwnFunction>
  readonly effects: Set<string>
}

/** Reads the project's files whose path passes `isWanted`. */
export function readCallGraph(root: string, isWanted: (path: string) => boolean): OwnFunction[] {
  const api = new API({ cwd: root })
  try {
    const [project] = api.updateSnapshot({ openProjects: [join(root, 'tsconfig.json')] }).getProjects()
    if (!project) throw new Error(`no project at ${root}`)
    return new CallGraphReader(project, root, isWanted).read()
  } finally {
    api.close()
  }
}

class CallGraphReader {
  readonly #project: Project
  readonly #checker: Checker
  readonly #root: string
  readonly #files: ReadonlyMap<string, ast.SourceFile>
  readonly #functions = new Map<ast.Node, OwnFunction>()
  /** What implements a member of an interface: expressions, or members of other types. */
  readonly #members = new Map<ast.Node, (ast.Expression | Named)[]>()
  readonly #targets = new Map<number, Targets>()

  constructor(project: Project, root: string, isWanted: (path: string) => boolean) {
    this.#project = project
    this.#checker = project.checker
    this.#root = root
    const files = project.rootFiles
      .filter((file) => isWanted(relative(root, file)))
      .flatMap((file) => project.program.getSourceFile(file) ?? [])
    this.#files = new Map(files.map((file) => [file.path, file]))
  }

  read(): OwnFunction[] {
    for (const file of this.#files.values()) this.#each(file, (node) => this.#bind(node))
    for (const file of this.#files.values()) this.#connect(file)
    return [...this.#functions.values()]
  }

  #each(node: ast.Node, visit: (node: ast.Node) => void): void {
    visit(node)
    node.forEachChild((child) => {
      if (!ast.isTypeNode(child) && !ast.isImportDeclaration(child)) this.#each(child, visit)
    })
  }

  /** Records which members of its type an object's members implement. */
  #bind(node: ast.Node): void {
    if (!ast.isObjectLiteralExpression(node)) return
    const type = this.#checker.getContextualType(node)
    if (!type) return
    for (const property of node.properties) {
      if (ast.isSpreadAssignment(property)) this.#bindSpread(property.expression, type)
      else if (property.name) this.#bindMember(type, property.name.getText(), property)
    }
  }

  #bindSpread(expression: ast.Expression, type: Type): void {
    const spread = this.#checker.getTypeAtLocation(expression)
    if (!spread || spread === type) return
    for (const member of this.#checker.getPropertiesOfType(spread)) {
      for (const wanted of this.#membersOf(type, member.name)) this.#note(wanted, member)
    }
  }

  #bindMember(type: Type, name: string, property: ast.ObjectLiteralElementLike): void {
    const value = ast.isPropertyAssignment(property) ? property.initializer : property
    for (const wanted of this.#membersOf(type, name)) this.#note(wanted, value as ast.Expression)
  }

  #note(wanted: Named, value: ast.Expression | Named): void {
    for (const declaration of this.#declarationsOf(wanted)) {
      if (!ast.isPropertySignatureDeclaration(declaration) && !ast.isMethodSignatureDeclaration(declaration)) continue
      this.#members.set(declaration, [...(this.#members.get(declaration) ?? []), value])
    }
  }

  #membersOf(type: Type, name: string): Named[] {
    const whole = this.#checker.getNonNullableType(type) ?? type
    const member = this.#checker.getPropertyOfType(whole, name)
    if (member || !whole.isUnionType()) return member ? [member] : []
    return partsOfUnion(whole).flatMap((one) => this.#checker.getPropertyOfType(one, name) ?? [])
  }

  #declarationsOf(symbol: Named): ast.Node[] {
    const own = symbol.declarations.filter(({ path }) => this.#files.has(path))
    return own.flatMap((handle) => handle.resolve(this.#project) ?? [])
  }

  /** Records the references of each function of a file. */
  #connect(file: ast.SourceFile): void {
    const names: ast.Identifier[] = []
    this.#each(file, (node) => {
      if (ast.isIdentifier(node) && !isName(node) && !isKept(node) && this.#functionAround(node)) names.push(node)
    })
    const symbols = this.#checker.getSymbolAtLocation(names)
    for (const [index, name] of names.entries()) {
      const from = this.#functionAround(name)
      const symbol = symbols[index]
      if (!from || !symbol) continue
      const targets = this.#targetsOf(this.#valueSymbol(name, symbol))
      for (const called of targets.functions) if (called !== from) from.calls.add(called)
      for (const effect of targets.effects) from.effects.add(effect)
    }
  }

  #valueSymbol(name: ast.Node, symbol: Named): Named {
    const isShorthand = ast.isShorthandPropertyAssignment(name.parent)
    return isShorthand ? (this.#checker.getShorthandAssignmentValueSymbol(name.parent) ?? symbol) : symbol
  }

  #targetsOf(named: Named): Targets {
    const symbol = named.flags & SymbolFlags.Alias ? this.#checker.getAliasedSymbol(named) : named
    const known = this.#targets.get(symbol.id)
    if (known) return known
    const targets: Targets = { functions: new Set(), effects: new Set() }
    this.#targets.set(symbol.id, targets)
    const library = symbol.declarations.map(({ path }) => path).find((path) => path.includes('/node_modules/'))
    if (library !== undefined) {
      if (effects.some(([libraries, names]) => libraries.test(library) && names.test(symbol.name)))
        targets.effects.add(symbol.name)
      return targets
    }
    for (const declaration of this.#declarationsOf(symbol)) this.#addDeclared(declaration, targets)
    return targets
  }

  #addDeclared(node: ast.Node, targets: Targets): void {
    if (ast.isVariableDeclaration(node) || ast.isPropertyAssignment(node) || ast.isPropertyDeclaration(node)) {
      this.#addValue(node.initializer, targets)
    } else if (ast.isBindingElement(node)) {
      this.#addBound(node, targets)
    } else if (ast.isPropertySignatureDeclaration(node) || ast.isMethodSignatureDeclaration(node)) {
      for (const value of this.#members.get(node) ?? []) {
        if ('kind' in value) this.#addValue(value, targets)
        else this.#addSymbol(value, targets)
      }
    } else {
      this.#addValue(node, targets)
    }
  }

  #addSymbol(symbol: Named | undefined, targets: Targets): void {
    if (!symbol) return
    const found = this.#targetsOf(symbol)
    for (const one of found.functions) targets.functions.add(one)
    for (const one of found.effects) targets.effects.add(one)
  }

  #addFunction(node: ast.Node, targets: Targets): void {
    const own = this.#functionAt(node)
    if (own) targets.functions.add(own)
  }

  /** Resolves an expression to functions: a function itself, the name of one, or the result of a call. */
  #addValue(node: ast.Node | undefined, targets: Targets): void {
    if (!node) return
    if (isFunction(node)) this.#addFunction(node, targets)
    else if (ast.isShorthandPropertyAssignment(node)) {
      this.#addSymbol(this.#checker.getShorthandAssignmentValueSymbol(node), targets)
    } else if (ast.isIdentifier(node)) this.#addSymbol(this.#checker.getSymbolAtLocation(node), targets)
    else if (ast.isPropertyAccessExpression(node)) this.#addValue(node.name, targets)
    else if (ast.isCallExpression(node)) this.#addCalled(node, targets)
    else for (const part of partsOf(node)) this.#addValue(part, targets)
  }

  /** A returned function belongs to the function that returned it. */
  #addCalled(node: ast.CallExpression, targets: Targets): void {
    const type = this.#checker.getTypeAtLocation(node)
    if (type && this.#checker.getSignaturesOfType(type, 0).length > 0) this.#addValue(node.expression, targets)
  }

  #addBound(node: ast.BindingElement, targets: Targets): void {
    const name = node.propertyName ?? node.name
    const type = this.#checker.getTypeAtLocation(node.parent)
    if (!type || !name || !ast.isIdentifier(name)) return
    for (const member of this.#membersOf(type, name.text)) this.#addSymbol(member, targets)
    if (node.initializer) this.#addValue(node.initializer, targets)
  }

  /** The function at a node, if it has a name. */
  #functionAt(node: ast.Node): OwnFunction | undefined {
    const known = this.#functions.get(node)
    if (known) return known
    const name = nameOf(node)
    if (name === undefined) return undefined
    const path = relative(this.#root, node.getSourceFile().fileName)
    const own: OwnFunction = { name, path, calls: new Set(), effects: new Set() }
    this.#functions.set(node, own)
    return own
  }

  /** The named function around a node. */
  #functionAround(node: ast.Node): OwnFunction | undefined {
    for (let around = node.parent; around; around = around.parent) {
      if (!isFunction(around)) continue
      const own = this.#functionAt(around)
      if (own) return own
    }
    return undefined
  }
}

/** An async function returns a union with a promise; this compiler's API fails on one with a tuple. */
function partsOfUnion(type: UnionType): readonly Type[] {
  try {
    return type.getTypes()
  } catch {
    return []
  }
}

function isFunction(node: ast.Node): boolean {
  return (
    ast.isFunctionDeclaration(node) ||
    ast.isFunctionExpression(node) ||
    ast.isArrowFunction(node) ||
    ast.isMethodDeclaration(node) ||
    ast.isConstructorDeclaration(node) ||
    ast.isGetAccessorDeclaration(node)
  )
}

function nameOf(node: ast.Node): string | undefined {
  if (ast.isFunctionDeclaration(node)) return node.name?.text ?? 'default'
  if (ast.isConstructorDeclaration(node)) return 'constructor'
  if (ast.isMethodDeclaration(node) || ast.isGetAccessorDeclaration(node)) {
    return isInArgument(node.parent) ? undefined : node.name.getText()
  }
  const holder = node.parent
  if (ast.isVariableDeclaration(holder) || ast.isPropertyDeclaration(holder)) return holder.name.getText()
  if (ast.isPropertyAssignment(holder)) return isInArgument(holder.parent) ? undefined : holder.name.getText()
  return undefined
}

/** The parts of an expression that can be its value. */
function partsOf(node: ast.Node): ast.Node[] {
  if (ast.isConditionalExpression(node)) return [node.whenTrue, node.whenFalse]
  if (ast.isBinaryExpression(node)) return [node.left, node.right]
  const isWrapped = ast.isParenthesizedExpression(node) || ast.isAsExpression(node) || ast.isAwaitExpression(node)
  return isWrapped ? [node.expression] : []
}

/** Whether an object is written inside the argument of a call. */
function isInArgument(object: ast.Node): boolean {
  let node = object
  while (!isFunction(node) && !ast.isStatement(node) && node.parent) {
    const around = node.parent
    if (ast.isCallExpression(around) && node !== around.expression) return true
    node = around
  }
  return false
}

/** Whether an identifier declares a name. */
function isName(node: ast.Identifier): boolean {
  const { parent } = node
  if (ast.isShorthandPropertyAssignment(parent)) return false
  if (ast.isBindingElement(parent)) return parent.initializer !== node
  return 'name' in parent && parent.name === node && !ast.isPropertyAccessExpression(parent)
}

/** Whether a name is stored as a member of an object, to be called through that member. */
function isKept(node: ast.Node): boolean {
  const { parent } = node
  if (ast.isPropertyAccessExpression(parent) && parent.name === node) return isKept(parent)
  const isMember =
    ast.isShorthandPropertyAssignment(parent) || (ast.isPropertyAssignment(parent) && parent.initializer === node)
  return isMember && !isInArgument(parent.parent)
}
