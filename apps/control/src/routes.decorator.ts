import { applyDecorators, createParamDecorator, HttpCode, RequestMapping, RequestMethod } from '@nestjs/common'
import { RouteConfig } from '@nestjs/platform-fastify'
import type { Caller as KeyCaller } from '@turnpike/domain'
import type { Author, SignedIn } from '@turnpike/store'
import type { FastifyRequest } from 'fastify'
import type { Access } from './request-context.ts'

/** Routes of controllers: each says who may use it, its path, and the status of its success. */
export const Get = routesOf(RequestMethod.GET)
export const Post = routesOf(RequestMethod.POST)
export const Put = routesOf(RequestMethod.PUT)
export const Patch = routesOf(RequestMethod.PATCH)
export const Delete = routesOf(RequestMethod.DELETE)

function routesOf(method: RequestMethod) {
  return (access: Access, path = '', status = 200) =>
    applyDecorators(RequestMapping({ method, path }), HttpCode(status), RouteConfig({ access }))
}

/** Who signed in; in the console also the author of a change. */
export type Person = SignedIn

/** A parameter of a route that is not public. */
export const Person = createParamDecorator((_, host): Person => {
  const { signedIn } = host.switchToHttp().getRequest<FastifyRequest>().requestContext
  if (!signedIn) throw new Error('a route that is not public was reached without a session')
  return signedIn
})

/** Whom a management key stands for; as an author no person: versions and the audit log bear the key's name. */
export type Caller = KeyCaller & Author

/** A parameter of a route of the management API. */
export const Caller = createParamDecorator((_, host): Caller => {
  const { caller } = host.switchToHttp().getRequest<FastifyRequest>().requestContext
  if (!caller) throw new Error('a route of the management API was reached without a key')
  return { ...caller, userId: null }
})
