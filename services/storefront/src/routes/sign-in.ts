import {
  createAccount,
  createSession,
  deleteSession,
  sessionCookies as cookieNames,
} from '@faultline/contracts/profiles';
import { z } from 'zod';
import { checkForm } from '../forms.ts';
import { localPath } from '../local-path.ts';
import type { Reply } from '../shell.ts';
import { emptyForm, type FormState } from '../views/field.ts';
import { signInView, signUpView } from '../views/sign-in.ts';
import type { Visit } from '../visit.ts';

const next = z.string().optional();
const signInForm = z.strictObject({ ...createSession.body.shape, next });
const signUpForm = z.strictObject({ ...createAccount.body.shape, next });

const TOO_OFTEN = 'That was tried too often. Please wait a few minutes and try again.';

/** Signs this browser out when profiles cannot; the session itself then ends when it expires. */
const forgetSession = {
  'Set-Cookie': Object.values(cookieNames).map(
    (name) => `${name}=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax`,
  ),
};

type Problem = { form: FormState; message?: string; status: number };

export async function signInPage(visit: Visit<'signIn'>): Promise<Reply> {
  const to = localPath(visit.query.get('next'));
  return visit.principal ? { seeOther: to } : showSignIn(to, { form: emptyForm, status: 200 });
}

/** Starts a session; its cookies are those that profiles makes. */
export async function startSession(visit: Visit<'startSession'>): Promise<Reply> {
  const fields = await visit.form();
  const to = localPath(fields['next']);
  const checked = checkForm(signInForm, fields);
  if (!checked.ok) return showSignIn(to, { form: checked, status: 422 });
  const form = { fields, errors: {} };
  const { email, password } = checked.value;
  const reply = await visit.want('profiles', createSession, { body: { email, password } });
  if (!reply) return showSignIn(to, { form, status: 503 });
  if (reply.status === 201) return { seeOther: to, headers: sessionCookies(reply.headers) };
  const message =
    reply.status === 429 ? TOO_OFTEN : 'This e-mail address and password do not belong together.';
  return showSignIn(to, { form, message, status: reply.status });
}

export async function signUpPage(visit: Visit<'signUp'>): Promise<Reply> {
  const to = localPath(visit.query.get('next'));
  return visit.principal ? { seeOther: to } : showSignUp(to, { form: emptyForm, status: 200 });
}

/** Creates an account and signs in to it. */
export async function createAccountAction(visit: Visit<'createAccount'>): Promise<Reply> {
  const fields = await visit.form();
  const to = localPath(fields['next']);
  const checked = checkForm(signUpForm, fields);
  if (!checked.ok) return showSignUp(to, { form: checked, status: 422 });
  const { email, password, name } = checked.value;
  const form = { fields, errors: {} };
  const created = await visit.want('profiles', createAccount, { body: { email, password, name } });
  if (!created) return showSignUp(to, { form, status: 503 });
  if (created.status === 429) return showSignUp(to, { form, message: TOO_OFTEN, status: 429 });
  if (created.status === 409) {
    const errors = { email: 'There is an account with this address already.' };
    return showSignUp(to, { form: { fields, errors }, status: 409 });
  }
  const session = await visit.want('profiles', createSession, { body: { email, password } });
  return session?.status === 201
    ? { seeOther: to, headers: sessionCookies(session.headers) }
    : { seeOther: `/sign-in?next=${encodeURIComponent(to)}` };
}

/** Ends the session. The basket stays: it is the device's, not the account's. */
export async function signOut(visit: Visit<'signOut'>): Promise<Reply> {
  const { cookie } = visit.ctx.headers;
  const reply = await visit.want('profiles', deleteSession, {
    headers: cookie === undefined ? {} : { cookie },
  });
  return { seeOther: '/', headers: reply ? sessionCookies(reply.headers) : forgetSession };
}

function showSignIn(to: string, { form, message, status }: Problem): Reply {
  return { title: 'Sign in', status, body: signInView({ form, next: to, message }) };
}

function showSignUp(to: string, { form, message, status }: Problem): Reply {
  return { title: 'Create an account', status, body: signUpView({ form, next: to, message }) };
}

function sessionCookies(
  headers: Readonly<Record<string, string | string[]>>,
): Record<string, string | string[]> {
  const cookies = headers['set-cookie'];
  return cookies === undefined ? {} : { 'Set-Cookie': cookies };
}
