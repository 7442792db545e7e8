import type { ProblemError } from '@faultline/chassis/errors';
import { html } from 'htm/preact';
import type { VNode } from 'preact';

const words: Readonly<Record<number, [title: string, text: string]>> = {
  400: ['That did not make sense to us', 'Something in the address or the form is not right.'],
  401: ['Please sign in', 'This page is only for people who are signed in.'],
  403: ['This is not for you', 'Your account may not see this page.'],
  404: ['There is nothing here', 'The page may have moved, or the product is no longer sold.'],
  405: ['That is not possible here', 'This address does not take what was sent to it.'],
  413: ['That was too much', 'What was sent is larger than we accept.'],
  415: ['That did not make sense to us', 'The form was sent in a way we do not read.'],
  429: ['One moment, please', 'That was very often in a short time. Please wait a little.'],
  500: ['Something broke on our side', 'It is not your fault. Trying again may help.'],
  503: [
    'Not available right now',
    'A part of the shop does not answer. Please try again in a moment.',
  ],
  504: ['That took too long', 'A part of the shop is slow. Please try again in a moment.'],
};

const anything: [string, string] = ['That did not work', 'Please try again in a moment.'];

/** A problem in people's words, with the id that finds it in the traces and logs. */
export function problemPage(
  problem: ProblemError,
  traceId: string,
): { title: string; body: VNode } {
  const [title, text] = words[problem.status] ?? anything;
  // Said by us for visitors; other details are for programs.
  const told = problem.options.reason === 'neighbour_down' ? problem.message : text;
  const body = html`<article class="problem">
    <p class="code" aria-hidden="true">${problem.status}</p>
    <h1>${title}</h1>
    <p class="lead">${told}</p>
    <p class="actions"><a class="button" href="/">Back to the shop</a></p>
    <details>
      <summary>For support</summary>
      <dl>
        <dt>Status</dt>
        <dd>${problem.status}</dd>
        ${
          told !== problem.message &&
          html`<dt>Detail</dt>
            <dd>${problem.message}</dd>`
        }
        ${
          problem.options.dependency &&
          html`<dt>Part</dt>
            <dd>${problem.options.dependency}</dd>`
        }
        <dt>Trace</dt>
        <dd><code>${traceId}</code></dd>
      </dl>
    </details>
  </article>`;
  return { title, body };
}
