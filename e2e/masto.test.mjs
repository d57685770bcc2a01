// An app made for Mastodon: npm's masto, from app registration to deleting a status, against the real binary.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createOAuthAPIClient, createRestAPIClient, createStreamingAPIClient } from 'masto';
import WebSocket from 'ws';
import { startServer, waitFor } from './lib/servers.mjs';
import { Visitor } from './lib/visitor.mjs';

const password = 'mammut-borsoni-93';
const outOfBand = 'urn:ietf:wg:oauth:2.0:oob';
const scopes = 'read write follow push';

let server, url;

before(async () => {
	server = await startServer('one');
	url = server.url;
	for (const name of ['ada', 'bo']) {
		await server.command('account', 'create', name, '--email', `${name}@example.test`, '--password', password, '--confirmed', '--approved');
	}
});

after(async () => {
	const exit = await server?.stop();
	assert.equal(exit?.code, 0, `the server stops in good order\n${server?.log()}`);
});

const register = (redirectUris, scope = scopes) =>
	createRestAPIClient({ url }).v1.apps.create({ clientName: 'Tusk', redirectUris, scopes: scope, website: 'https://tusk.example' });

function authorizeAddress(app, extra) {
	const query = { response_type: 'code', client_id: app.clientId, scope: scopes, ...extra };
	return `${url}/oauth/authorize?${new URLSearchParams(query)}`;
}

/** Opens the authorise page as somebody not signed in, and signs in on the way. */
async function consentPage(address) {
	const visitor = new Visitor();
	const signIn = await visitor.open(address);
	const consent = await signIn.send(signIn.form('login', 'password'), { login: 'ada@example.test', password });
	assert.equal(consent.status, 200, consent.text);
	assert.match(consent.text, /Tusk/, 'the page names the app');
	return consent;
}

function press(page, which) {
	for (const form of page.forms) {
		for (const button of form.buttons) {
			const label = `${button.name ?? ''} ${button.value ?? ''} ${form.fields._method ?? ''} ${form.action}`;
			if (which === 'deny' ? /deny|cancel|refuse/i.test(label) : !/deny|cancel|refuse|sign_out/i.test(label)) return page.send(form, {}, button);
		}
	}
	throw new Error(`no button to ${which}: ${JSON.stringify(page.forms)}`);
}

const tokenFor = (app, code, redirectUri, extra = {}) =>
	createOAuthAPIClient({ url }).token.create({ grantType: 'authorization_code', clientId: app.clientId, clientSecret: app.clientSecret, redirectUri, code, ...extra });

const appOf = async (name) => createRestAPIClient({ url, accessToken: await server.command('token', 'create', name, '--scopes', scopes) });

/** The HTTP status and message of the error that a call must end with. */
async function refusal(call) {
	try {
		await call;
	} catch (error) {
		return { status: error.statusCode, message: error.message };
	}
	assert.fail('the call was not refused');
}

describe('signing in', () => {
	test('by a code that the page shows (out of band)', async () => {
		const app = await register(outOfBand);
		assert.ok(app.clientId && app.clientSecret);
		const consent = await consentPage(authorizeAddress(app, { redirect_uri: outOfBand }));
		const shown = await press(consent, 'allow');
		const code = /<(?:code|pre|output|kbd)[^>]*>([^<]+)</i.exec(shown.html)?.[1].trim() ?? /<input[^>]*value="([^"]{20,})"/i.exec(shown.html)?.[1];
		assert.ok(code, `no code on the page: ${shown.text}`);
		const token = await tokenFor(app, code, outOfBand);
		assert.equal(token.tokenType, 'Bearer');
		assert.deepEqual(token.scope.split(' ').sort(), scopes.split(' ').sort());
		const me = await createRestAPIClient({ url, accessToken: token.accessToken }).v1.accounts.verifyCredentials();
		assert.equal(me.username, 'ada');
		assert.equal(me.acct, 'ada');
		assert.equal(me.source.privacy, 'public');

		const again = await refusal(tokenFor(app, code, outOfBand));
		assert.equal(again.status, 400, 'a code works once');
	});

	test('by redirect to the app, with state and PKCE', async () => {
		const redirectUri = 'tusk-app://signed-in';
		const app = await register(redirectUri);
		const codeVerifier = randomBytes(40).toString('base64url');
		const challenge = createHash('sha256').update(codeVerifier).digest('base64url');
		const address = authorizeAddress(app, { redirect_uri: redirectUri, state: 'a b&c', code_challenge: challenge, code_challenge_method: 'S256' });
		const consent = await consentPage(address);
		assert.match(consent.headers.get('content-security-policy'), /form-action[^;]*tusk-app:/, 'the form may lead to the app');

		const { leftFor } = await press(consent, 'allow');
		assert.equal(leftFor.protocol, 'tusk-app:');
		assert.equal(leftFor.searchParams.get('state'), 'a b&c');
		const code = leftFor.searchParams.get('code');

		assert.equal((await refusal(tokenFor(app, code, redirectUri, { codeVerifier: 'x'.repeat(50) }))).status, 400, 'a wrong verifier');
		// A code that was guessed at may be burnt; ask for another.
		const second = await press(await consentPage(address), 'allow');
		const token = await tokenFor(app, second.leftFor.searchParams.get('code'), redirectUri, { codeVerifier });
		const client = createRestAPIClient({ url, accessToken: token.accessToken });
		assert.equal((await client.v1.accounts.verifyCredentials()).username, 'ada');

		await createOAuthAPIClient({ url }).revoke({ clientId: app.clientId, clientSecret: app.clientSecret, token: token.accessToken });
		assert.equal((await refusal(client.v1.accounts.verifyCredentials())).status, 401, 'a revoked token');
	});

	test('a refusal leads back to the app as access_denied', async () => {
		const app = await register('https://tusk.example/callback');
		const consent = await consentPage(authorizeAddress(app, { redirect_uri: 'https://tusk.example/callback', state: 's' }));
		const { leftFor } = await press(consent, 'deny');
		assert.equal(leftFor.origin, 'https://tusk.example');
		assert.equal(leftFor.searchParams.get('error'), 'access_denied');
		assert.equal(leftFor.searchParams.get('state'), 's');
	});

	test('an address that was not registered is never led to', async () => {
		const app = await register('https://tusk.example/callback');
		const page = await new Visitor().open(authorizeAddress(app, { redirect_uri: 'https://evil.example/' }));
		assert.equal(page.leftFor, null);
	});

	test('a wrong password is refused', async () => {
		const visitor = new Visitor();
		const page = await visitor.open(`${url}/auth/sign_in`);
		const answer = await page.send(page.form('login', 'password'), { login: 'ada', password: 'wrong' });
		assert.ok(answer.forms.some((form) => 'password' in form.fields), 'asks again');
	});

	test('an app by itself (client credentials)', async () => {
		const app = await register(outOfBand, 'read');
		const token = await createOAuthAPIClient({ url }).token.create({
			grantType: 'client_credentials', clientId: app.clientId, clientSecret: app.clientSecret, redirectUri: outOfBand, scope: 'read',
		});
		const client = createRestAPIClient({ url, accessToken: token.accessToken });
		assert.equal((await client.v1.apps.verifyCredentials()).name, 'Tusk');
		assert.ok([401, 403, 422].includes((await refusal(client.v1.timelines.home.list())).status), 'it has no home');
	});

	test('metadata tell an app where to go', async () => {
		const metadata = await (await fetch(`${url}/.well-known/oauth-authorization-server`)).json();
		assert.equal(metadata.authorization_endpoint, `${url}/oauth/authorize`);
		assert.equal(metadata.token_endpoint, `${url}/oauth/token`);
		assert.deepEqual(metadata.code_challenge_methods_supported, ['S256']);
	});
});

describe('using it', () => {
	test('what the server says of itself', async () => {
		const guest = createRestAPIClient({ url });
		const now = await guest.v2.instance.fetch();
		assert.equal(now.domain, server.domain);
		assert.equal(now.configuration.statuses.maxCharacters, 500);
		assert.ok(Array.isArray(now.rules) && Array.isArray(now.languages));
		const before = await guest.v1.instance.fetch();
		assert.equal(before.uri, server.domain);
		assert.ok(before.stats.userCount >= 2);
	});

	test('publishing, home, thread and deleting', async () => {
		const ada = await appOf('ada');
		const bo = await appOf('bo');
		const { id: adaId } = await bo.v1.accounts.lookup({ acct: 'ada' });
		assert.equal((await bo.v1.accounts.$select(adaId).follow()).following, true);

		const status = await ada.v1.statuses.create({ status: 'Two tusks, long and straight. #proboscidea', visibility: 'public', language: 'en', spoilerText: 'teeth' });
		assert.match(status.content, /<p>Two tusks/);
		assert.equal(status.spoilerText, 'teeth');
		assert.deepEqual(status.tags.map((tag) => tag.name), ['proboscidea']);

		await waitFor("the status in Bo's home", async () => (await bo.v1.timelines.home.list()).some((one) => one.id === status.id));

		const reply = await bo.v1.statuses.create({ status: '@ada and no toes?', inReplyToId: status.id });
		assert.equal(reply.inReplyToAccountId, adaId);
		assert.equal(reply.mentions[0].acct, 'ada');
		const { descendants } = await ada.v1.statuses.$select(status.id).context.fetch();
		assert.deepEqual(descendants.map((one) => one.id), [reply.id]);

		assert.equal((await bo.v1.statuses.$select(status.id).favourite()).favourited, true);
		assert.equal((await bo.v1.statuses.$select(status.id).bookmark()).bookmarked, true);
		const boost = await bo.v1.statuses.$select(status.id).reblog();
		assert.equal(boost.reblog.id, status.id);
		assert.equal((await bo.v1.bookmarks.list())[0].id, status.id);

		const kinds = await waitFor('four notifications', async () => {
			const list = await ada.v1.notifications.list();
			return list.length >= 4 && list.map((one) => one.type).sort();
		});
		assert.deepEqual(kinds, ['favourite', 'follow', 'mention', 'reblog']);
		await ada.v1.notifications.clear();
		assert.equal((await ada.v1.notifications.list()).length, 0);

		const deleted = await ada.v1.statuses.$select(status.id).remove();
		assert.equal(deleted.text, 'Two tusks, long and straight. #proboscidea');
		assert.equal((await refusal(ada.v1.statuses.$select(status.id).fetch())).status, 404);
		assert.ok(!(await bo.v1.timelines.home.list()).some((one) => one.id === status.id || one.reblog?.id === status.id));
	});

	test('paging follows the Link header to the end', async () => {
		const ada = await appOf('ada');
		const me = await ada.v1.accounts.verifyCredentials();
		const wanted = [];
		for (let n = 1; n <= 23; n++) wanted.unshift((await ada.v1.statuses.create({ status: `page ${n}`, visibility: 'unlisted' })).id);
		const seen = [];
		for await (const page of ada.v1.accounts.$select(me.id).statuses.list({ limit: 10 })) seen.push(...page.map((one) => one.id));
		assert.deepEqual(seen.slice(0, 23), wanted);
		assert.equal(new Set(seen).size, seen.length, 'nothing twice');
	});

	test('a long day: edit, poll, quote, list, filter, schedule, conversation, notifications', async () => {
		const ada = await appOf('ada');
		const bo = await appOf('bo');
		const { id: adaId } = await bo.v1.accounts.lookup({ acct: 'ada' });
		await bo.v1.accounts.$select(adaId).follow({ notify: true });

		const status = await ada.v1.statuses.create({ status: 'Elefants never forget' });
		const edited = await ada.v1.statuses.$select(status.id).update({ status: 'Elephants never forget' });
		assert.ok(edited.editedAt);
		const history = await ada.v1.statuses.$select(status.id).history.list();
		assert.deepEqual(history.map((one) => one.content), ['<p>Elefants never forget</p>', '<p>Elephants never forget</p>']);
		assert.equal((await ada.v1.statuses.$select(status.id).source.fetch()).text, 'Elephants never forget');

		const asked = await ada.v1.statuses.create({ status: 'Big ears?', poll: { options: ['yes', 'no'], expiresIn: 600 } });
		const voted = await bo.v1.polls.$select(asked.poll.id).votes.create({ choices: [0] });
		assert.deepEqual([voted.voted, voted.ownVotes, voted.options[0].votesCount], [true, [0], 1]);
		assert.equal((await refusal(bo.v1.polls.$select(asked.poll.id).votes.create({ choices: [1] }))).status, 422);

		const quoting = await bo.v1.statuses.create({ status: 'So true', quotedStatusId: status.id });
		assert.equal(quoting.quote.state, 'accepted');
		assert.equal(quoting.quote.quotedStatus.id, status.id);

		const list = await bo.v1.lists.create({ title: 'Trunks', repliesPolicy: 'none' });
		await bo.v1.lists.$select(list.id).accounts.create({ accountIds: [adaId] });
		const inList = await bo.v1.timelines.list.$select(list.id).list();
		assert.ok(inList.some((one) => one.id === status.id));

		const filter = await bo.v2.filters.create({ title: 'Ears', context: ['home'], filterAction: 'warn', keywordsAttributes: [{ keyword: 'ears', wholeWord: true }] });
		const seen = await bo.v1.statuses.$select(asked.id).fetch();
		assert.deepEqual(seen.filtered.map((one) => [one.filter.id, one.keywordMatches]), [[filter.id, ['ears']]]);

		const scheduled = await ada.v1.statuses.create({ status: 'Tomorrow', scheduledAt: new Date(Date.now() + 3_600_000).toISOString() });
		assert.equal(scheduled.params.text, 'Tomorrow');
		assert.deepEqual((await ada.v1.scheduledStatuses.list()).map((one) => one.id), [scheduled.id]);
		await ada.v1.scheduledStatuses.$select(scheduled.id).remove();

		await ada.v1.statuses.create({ status: '@bo psst', visibility: 'direct' });
		const [talk] = await waitFor('a conversation', async () => {
			const found = await ada.v1.conversations.list();
			return found.length > 0 && found;
		});
		assert.equal(talk.accounts[0].acct, 'bo');

		const groups = await waitFor('a quote among the groups', async () => {
			const { notificationGroups } = await ada.v2.notifications.list();
			return notificationGroups.some((one) => one.type === 'quote') && notificationGroups;
		});
		assert.ok(groups.every((one) => one.groupKey && one.sampleAccountIds.length > 0));
		const told = await waitFor('the bell', async () => (await bo.v1.notifications.list()).find((one) => one.type === 'status'));
		const markers = await bo.v1.markers.create({ notifications: { lastReadId: told.id } });
		assert.equal(markers.notifications.lastReadId, told.id);

		const found = await waitFor('the index', async () => {
			const { statuses } = await ada.v2.search.list({ q: 'elephants', type: 'statuses' });
			return statuses.length > 0 && statuses;
		});
		assert.ok(found.some((one) => one.id === status.id));
	});

	test('a status for followers is not there for others', async () => {
		const ada = await appOf('ada');
		const guest = createRestAPIClient({ url });
		const secret = await ada.v1.statuses.create({ status: 'only you', visibility: 'private' });
		assert.equal((await refusal(guest.v1.statuses.$select(secret.id).fetch())).status, 404);
	});

	test('an idempotency key publishes once', async () => {
		const ada = await appOf('ada');
		const meta = { requestInit: { headers: { 'Idempotency-Key': 'once-and-only-once' } } };
		const first = await ada.v1.statuses.create({ status: 'once' }, meta);
		const second = await ada.v1.statuses.create({ status: 'once' }, meta);
		assert.equal(second.id, first.id);
	});

	test('too long, empty, unknown and unauthorised are refused in so many words', async () => {
		const ada = await appOf('ada');
		assert.deepEqual(await refusal(ada.v1.statuses.create({ status: 'x'.repeat(501) })), { status: 422, message: 'Validation failed: Text character limit of 500 exceeded' });
		assert.equal((await refusal(ada.v1.statuses.create({ status: '' }))).status, 422);
		assert.deepEqual(await refusal(ada.v1.statuses.$select('999').fetch()), { status: 404, message: 'Record not found' });
		assert.equal((await refusal(createRestAPIClient({ url }).v1.timelines.home.list())).status, 401);
		assert.deepEqual(await refusal(createRestAPIClient({ url, accessToken: 'wrong' }).v1.timelines.home.list()), { status: 401, message: 'The access token is invalid' });
	});

	test('what happens is told while it happens, over one socket', async () => {
		const [ada, bo] = [await appOf('ada'), await appOf('bo')];
		const { configuration } = await ada.v2.instance.fetch();
		const accessToken = await server.command('token', 'create', 'bo', '--scopes', scopes);
		const streams = createStreamingAPIClient({ streamingApiUrl: configuration.urls.streaming, accessToken, implementation: WebSocket });
		try {
			const [home, tagged] = [streams.user.subscribe(), streams.hashtag.subscribe({ tag: 'Trumpet' })];
			const [told, toldOfTag] = [home[Symbol.asyncIterator](), tagged[Symbol.asyncIterator]()];
			const next = async (events) => {
				const { value } = await Promise.race([events.next(), sleep(20_000, { value: { event: 'nothing within 20 s' } }, { ref: false })]);
				return value;
			};
			// Whatever comes first tells that the subscription holds: until then statuses are published in vain.
			const first = next(told);
			let heard = false;
			first.then(() => (heard = true));
			await waitFor('the stream to begin', async () => {
				if (!heard) await ada.v1.statuses.create({ status: 'Can you hear me?' });
				return heard;
			});
			assert.ok(['update', 'notification'].includes((await first).event)); // of what happened before, something may be told late

			const asked = next(toldOfTag);
			const status = await ada.v1.statuses.create({ status: 'A long #trumpet' });
			const { event, payload } = await asked;
			assert.deepEqual([event, payload.id, payload.account.username], ['update', status.id, 'ada']);

			const wait = async (wanted, id) => {
				for (;;) {
					const { event, payload } = await next(told);
					if (event === wanted && (payload.id ?? payload) === id) return payload;
					assert.ok(['update', 'status.update', 'delete', 'notification'].includes(event), `${event} while waiting for ${wanted}`);
				}
			};
			assert.equal((await wait('update', status.id)).content, status.content);
			await ada.v1.statuses.$select(status.id).update({ status: 'A longer #trumpet' });
			assert.match((await wait('status.update', status.id)).content, /longer/);
			await ada.v1.statuses.$select(status.id).remove();
			await wait('delete', status.id);
			const { id: mine } = await bo.v1.statuses.create({ status: 'Mine', visibility: 'unlisted' });
			await ada.v1.statuses.$select(mine).favourite();
			const { event: kind, payload: told1 } = await (async () => {
				for (;;) {
					const one = await next(told);
					if ((one.event === 'notification' && one.payload.status?.id === mine) || one.event.startsWith('nothing')) return one;
				}
			})();
			assert.deepEqual([kind, told1?.type], ['notification', 'favourite']);
		} finally {
			streams.close();
		}
	});
});
