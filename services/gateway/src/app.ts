import { answerProblems, type AppOptions, establishCall, observe } from '@faultline/chassis/app';
import type { Forwarder } from '@faultline/chassis/forward';
import type { HttpClient } from '@faultline/chassis/http-client';
import { apis, edgePages } from '@faultline/contracts/edge';
import Koa from 'koa';
import { AccessTokens } from './identity/access-tokens.ts';
import { BrowserSessions } from './identity/browser-sessions.ts';
import type { KeySet } from './identity/key-set.ts';
import { authenticate } from './layers/authenticate.ts';
import { authorise } from './layers/authorise.ts';
import { checkBody } from './layers/check-body.ts';
import { checkHead } from './layers/check-head.ts';
import { checkTarget } from './layers/check-target.ts';
import { dispatch } from './layers/dispatch.ts';
import { limitAddresses, limitIdentities } from './layers/limit-rate.ts';
import { rebuildHeaders } from './layers/rebuild-headers.ts';
import { route } from './layers/route.ts';
import { requireSameOrigin } from './layers/same-origin.ts';
import { secureReplies } from './layers/secure-replies.ts';
import { sendHeadsEarly } from './layers/send-heads-early.ts';
import type { RateLimiter } from './limits/rate-limiter.ts';
import { describeApi } from '@faultline/contracts/openapi';
import { renderGuide } from './api-guide.ts';
import { ownOperations } from './own-operations.ts';
import { renderProblem } from './problem-page.ts';
import { RoutingTable } from './routing.ts';

/** What the gateway works with. */
export type GatewayDeps = {
  chassis: AppOptions;
  config: { ALLOWED_HOSTS: readonly string[]; TRUSTED_HOPS: number };
  clients: Record<'profiles' | 'catalog' | 'inventory', HttpClient>;
  /** By the service's name. */
  forwarders: ReadonlyMap<string, Forwarder>;
  keys: KeySet;
  limiter: RateLimiter;
};

/** The one public door: every request passes these layers from top to bottom. */
export function createGateway(deps: GatewayDeps): Koa {
  const { config, clients, keys, limiter, forwarders } = deps;
  const chassis: AppOptions = { ...deps.chassis, renderProblem };
  const { clock } = chassis;
  const table = new RoutingTable({ apis, pages: edgePages });
  const tokens = new AccessTokens({ keys, clock });
  const sessions = new BrowserSessions({ tokens, profiles: clients.profiles });
  const document = describeApi({ apis, version: chassis.version });
  const description = { json: JSON.stringify(document), html: renderGuide(document) };
  const own = ownOperations({ ...clients, description });

  const layers = [
    sendHeadsEarly(), // outermost: no layer may want to add a header after it
    observe(chassis), // counts and logs all there is, refusals too
    secureReplies(), // around the problems, for those are replies as well
    answerProblems(chassis), // whatever is thrown below becomes problem details
    checkHead(), // first of the checks: below here the head has one meaning
    checkTarget(config.ALLOWED_HOSTS), // one host, one form of the path for all that follows
    rebuildHeaders({ trustedHops: config.TRUSTED_HOPS }), // below here no header claims what is ours to say
    establishCall(chassis), // the deadline starts; needs headers that can be believed
    route(table), // limits and rules depend on what is asked for
    limitAddresses(limiter), // before anything costly, signatures and sessions included
    requireSameOrigin(), // before cookies are acted on
    authenticate({ tokens, sessions }), // who asks
    limitIdentities(limiter), // one customer with many addresses
    authorise(), // may he
    checkBody(), // last, so that a body is asked for only if it will be used
    dispatch({ own, forwarders, clock }),
  ];
  const app = new Koa();
  app.silent = true;
  for (const layer of layers) app.use(layer);
  return app;
}
