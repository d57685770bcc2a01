// A small pretend server for looking at the app without the real one: enough
// accounts, statuses and notifications to fill the pages. For `npm run shots`.

const hue = (name) => [...name].reduce((sum, c) => (sum * 31 + c.codePointAt(0)) % 360, 7);
const svg = (body, w = 64, h = 64) =>
	`data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}" width="${w * 8}" height="${h * 8}">${body}</svg>`)}`;

const face = (name) => {
	const h = hue(name);
	return svg(
		`<rect width="64" height="64" fill="hsl(${h} 38% 78%)"/><circle cx="32" cy="27" r="12" fill="hsl(${(h + 26) % 360} 44% 90%)"/><path d="M9 64c2-15 11-22 23-22s21 7 23 22z" fill="hsl(${h} 42% 34%)"/><path d="M19 26c0-10 6-14 13-14s13 4 13 14c-4-6-9-8-13-7-5 0-9 2-13 7z" fill="hsl(${h} 42% 34%)"/>`,
	);
};
const landscape = (h) =>
	svg(
		`<rect width="64" height="40" fill="hsl(${h} 60% 84%)"/><circle cx="46" cy="12" r="5" fill="#fdf3cf"/><path d="M0 26c12-8 20 4 32-2s20-6 32 0v16H0z" fill="hsl(${h} 36% 58%)"/><path d="M0 32c14-6 22 3 34-1s20-3 30 0v9H0z" fill="hsl(${h} 42% 38%)"/>`,
		64,
		40,
	);

let subscription = null;
const NOW = Date.now();
const before = (minutes) => new Date(NOW - minutes * 60_000).toISOString();
let nextAccount = 100;
const accounts = {};
export function account(acct, display_name, more = {}) {
	accounts[acct] ??= {
		id: String(nextAccount++), username: acct.split('@')[0], acct, display_name, note: '', url: `https://${acct.split('@')[1] ?? 'anancus.example'}/@${acct.split('@')[0]}`,
		avatar: face(acct), avatar_static: face(acct), header: '', header_static: '', locked: false, bot: false, fields: [], emojis: [],
		created_at: '2024-03-01T00:00:00.000Z', last_status_at: '2026-11-21', statuses_count: 1204, followers_count: 3410, following_count: 212, ...more,
	};
	return accounts[acct];
}

const ada = account('ada', 'Ada Okafor', {
	note: '<p>Keeper of small servers and large gardens. Likes straight lines.</p>',
	fields: [
		{ name: 'Home page', value: '<a href="https://ada.example" rel="me">ada.example</a>', verified_at: '2026-02-01T00:00:00.000Z' },
		{ name: 'Pronouns', value: 'she/her', verified_at: null },
	],
	header: landscape(160), header_static: landscape(160),
	source: { privacy: 'public', language: 'en', follow_requests_count: 2 },
});
const mira = account('mira', 'Mira Lindqvist', { note: '<p>Palaeontologist. Mostly tusks. <a href="https://anancus.example/tags/FieldNotes" class="mention hashtag" rel="tag">#<span>FieldNotes</span></a></p>', header: landscape(30), header_static: landscape(30), fields: ada.fields });
const ivo = account('ivo@tinkers.example', 'Ivo Barros');
const lena = account('lena', 'Lena Voss');
const cat = account('postalcat@pets.example', 'Postal Cat');
const lab = account('sediment@museum.example', 'Sediment Lab');
const tom = account('treilly@archive.example', 'Tom Reilly');
const noor = account('noor@qalam.example', 'نور الخطيب');
const kenta = account('kenta@kaseki.example', '健太🐘');
const hana = account('hana@midori.example', '花');
const plot = account('plot27', 'Allotment 27');
const yuki = account('yuki@sora.example', 'ゆき', { locked: true });

let nextStatus = 116503434343400000n;
const p = (text) => text.split('\n\n').map((part) => `<p>${part}</p>`).join('');
const tag = (name) => `<a href="https://anancus.example/tags/${name}" class="mention hashtag" rel="tag">#<span>${name}</span></a>`;
const picture = (h, description) => ({ id: `m${h}${description?.length}`, type: 'image', url: landscape(h), preview_url: landscape(h), remote_url: null, description, blurhash: null, meta: { original: { width: 1600, height: 1000 }, small: { width: 640, height: 400 } } });

export const all = new Map();
export function status(by, minutes, content, more = {}) {
	const id = String((nextStatus -= 1000n));
	const made = {
		id, uri: `https://x.example/${id}`, url: `https://${by.acct.split('@')[1] ?? 'anancus.example'}/@${by.username}/${id}`, created_at: before(minutes), edited_at: null, account: by,
		content: p(content), visibility: 'public', sensitive: false, spoiler_text: '', language: 'en', media_attachments: [], mentions: [], tags: [], emojis: [],
		reblogs_count: 0, favourites_count: 0, replies_count: 0, quotes_count: 0, in_reply_to_id: null, in_reply_to_account_id: null, reblog: null, poll: null, card: null,
		favourited: false, reblogged: false, bookmarked: false, muted: false, filtered: [], ...more,
	};
	all.set(id, made);
	return made;
}

const field = status(mira, 2, `Fieldwork, day four. The second tusk came out whole: 3.1 metres and not a curve in it. Everyone went very quiet, and then someone put the kettle on.\n\n${tag('Palaeontology')} ${tag('FieldNotes')}`, {
	replies_count: 14, reblogs_count: 87, favourites_count: 212, favourited: true,
	media_attachments: [picture(40, 'A long pale tusk on a table'), picture(15, 'Hills at sunset'), picture(120, 'Leaves')],
});
const server = status(ivo, 6, 'Moved our community server to a single binary over lunch. One process, one database file, 140 MB of memory. I keep checking whether I forgot something.', { replies_count: 9, reblogs_count: 64, favourites_count: 131, reblogged: true });
const boosted = status(lena, 5, '', { reblog: server, content: '' });
const box = status(cat, 11, 'Box report 1/3. The new box is smaller than the cat. Analysis continues.', { replies_count: 2, reblogs_count: 11, favourites_count: 58, visibility: 'unlisted' });
const box2 = status(cat, 12, '2/3. The cat is in the box.', { replies_count: 1, reblogs_count: 7, favourites_count: 49, in_reply_to_id: box.id, in_reply_to_account_id: cat.id });
const warned = status(tom, 24, 'The scaffolding came down on its own. Nobody was near.\n\nWe are open again tomorrow.\n\nThank you for asking.', { spoiler_text: 'Museum accident, nobody hurt', replies_count: 6, reblogs_count: 2, favourites_count: 18, media_attachments: [picture(200, 'Scaffolding')] });
const poll = status(lab, 28, 'What should we call the new hall? You decide; the sign painter starts Monday.', {
	replies_count: 22, reblogs_count: 18, favourites_count: 77,
	poll: { id: '5', expires_at: new Date(NOW + 14 * 3600_000).toISOString(), expired: false, multiple: false, votes_count: 418, voters_count: 418, voted: true, own_votes: [0], emojis: [], options: [{ title: 'The Age of Tusks', votes_count: 192 }, { title: 'Straight and Narrow', votes_count: 130 }, { title: 'Proboscideans of the Pliocene', votes_count: 96 }] },
});
const arabic = status(noor, 5, 'صباح الخير! جرّبت العمود الجديد اليوم، والقراءة من اليمين إلى اليسار تعمل بشكل ممتاز.', { language: 'ar', replies_count: 1, reblogs_count: 2, favourites_count: 9, in_reply_to_id: '1', in_reply_to_account_id: ada.id, mentions: [{ id: ada.id, username: 'ada', acct: 'ada', url: 'https://anancus.example/@ada' }] });
const link = status(lena, 40, 'A lovely long read on how collections keep the labels people actually stop to read.', {
	edited_at: before(30), replies_count: 4, reblogs_count: 29, favourites_count: 96, bookmarked: true,
	card: { url: 'https://longform.example/a', title: 'The forty-word label', description: 'Visitors read for eight seconds. Curators write for eighty. Somewhere between the two is a sentence.', type: 'link', provider_name: 'longform.example', author_name: '', image: landscape(215) },
});
const japanese = status(kenta, 7, 'アナンクスの牙は、まっすぐで長い。\n\n体長の半分近くもあったそうです。', { language: 'ja', replies_count: 5, reblogs_count: 31, favourites_count: 140, quote: { state: 'accepted', quoted_status: field } });
const morning = status(hana, 31, `朝の喫茶店。窓ぎわの席で、昨日の写真を整理しています。モーニングの厚切りトーストがうれしい。\n\n${tag('写真')} ${tag('喫茶店')}`, { language: 'ja', replies_count: 3, reblogs_count: 12, favourites_count: 64, media_attachments: [picture(25, 'コーヒー'), picture(170, '山')] });
const kale = status(plot, 33, 'Frost on the kale, which the kale prefers.', { replies_count: 3, reblogs_count: 5, favourites_count: 40, local_only: true });
const hash = 'LEHV6nWB2yk8pyo0adR*.7kCMdnj';
const four = status(ivo, 52, 'The workshop, in four corners.', { media_attachments: [picture(200, 'A bench'), picture(60, 'A lathe'), picture(300, 'A window'), picture(90, '')] });
const two = status(plot, 54, 'Before and after.', { media_attachments: [{ ...picture(100, 'Bare earth'), meta: { ...picture(1, '').meta, focus: { x: 0.9, y: 0.2 } } }, picture(140, 'Beans')] });
const sound = status(lab, 56, 'What a tusk sounds like.', { media_attachments: [
	{ id: 'm900', type: 'audio', url: '/nothing.mp3', preview_url: landscape(280), remote_url: null, description: 'A dull knock, then a ringing', blurhash: hash, meta: { original: { duration: 12 } } }] });
const film = status(tom, 57, 'The crane at work.', { media_attachments: [
	{ id: 'm901', type: 'video', url: '/nothing.mp4', preview_url: landscape(20), remote_url: null, description: 'A crane lifts a crate', blurhash: hash, meta: { original: { width: 1280, height: 720, duration: 75 } } }] });
const loop = status(cat, 58, 'Round and round.', { media_attachments: [
	{ id: 'm902', type: 'gifv', url: '/nothing.mp4', preview_url: landscape(330), remote_url: null, description: 'A cat turns', blurhash: hash, meta: { original: { width: 640, height: 480 } } },
	] });
const odd = status(noor, 59, 'The plans are attached.', { media_attachments: [
	{ id: 'm903', type: 'unknown', url: null, preview_url: null, remote_url: 'https://qalam.example/plans.pdf', description: 'Plans of the station', blurhash: null, meta: null }] });
const sensitive = status(yuki, 50, '夜の峠にて。シャッター30秒。', { language: 'ja', sensitive: true, media_attachments: [{ ...picture(235, '夜の山'), blurhash: hash }], favourites_count: 118, reblogs_count: 20 });
const own = status(ada, 60, 'Does anyone else name their spare SD cards after extinct animals, or is that only me', { replies_count: 8, favourites_count: 24, reblogs_count: 8, pinned: true });
const secret = status(ada, 90, 'See you on Thursday then.', { visibility: 'direct', mentions: [{ id: mira.id, username: 'mira', acct: 'mira', url: mira.url }] });

const r1 = status(lab, 1, 'Please tell us someone photographed the kettle too.', { in_reply_to_id: field.id, in_reply_to_account_id: mira.id, replies_count: 2, reblogs_count: 1, favourites_count: 34 });
const r2 = status(mira, 1, 'The kettle is in the official record, layer 4b.', { in_reply_to_id: r1.id, in_reply_to_account_id: lab.id, replies_count: 1, reblogs_count: 6, favourites_count: 80 });
const r3 = status(kenta, 1, '公式記録、最高です。', { language: 'ja', in_reply_to_id: r2.id, in_reply_to_account_id: mira.id, favourites_count: 12 });
const r3b = status(tom, 1, 'Layer 4b is the best layer.', { in_reply_to_id: r1.id, in_reply_to_account_id: lab.id, favourites_count: 3 });
const r4 = status(tom, 2, 'Three metres! Ours is a fragment the size of a biscuit.', { in_reply_to_id: field.id, in_reply_to_account_id: mira.id, reblogs_count: 2, favourites_count: 19 });

const home = [field, boosted, box, box2, japanese, kale, link, sensitive, own, secret, poll, warned];
const local = [poll, warned, link, morning, kale, sensitive, own];
const fresh = [status(plot, 0, 'A robin has opinions about the compost.', { favourites_count: 1 }), status(lena, 0, 'Writing labels all morning.')];
for (const one of fresh) {
	one.id = String(BigInt(one.id) + 900000000n);
	all.set(one.id, one);
}

let nextNotification = 900;
const notification = (type, by, minutes, about) => ({ id: String(nextNotification--), type, group_key: `x${nextNotification}`, created_at: before(minutes), account: by, status: about });
const notifications = [
	...[noor, tom, hana, lena, kenta, plot, ivo, cat].map((by) => notification('favourite', by, 3, own)),
	notification('mention', noor, 5, arabic),
	...[kenta, yuki, ivo].map((by) => notification('follow', by, 18)),
	...[lab, mira, cat].map((by) => notification('reblog', by, 42, own)),
	notification('poll', lab, 60, poll),
	notification('follow_request', yuki, 120),
	notification('follow', hana, 3000),
];

const instance = {
	domain: 'anancus.example', title: 'The Field Station', version: '4.7.0', source_url: 'https://code.example/anancus', languages: ['en', 'ja'],
	description: 'A calm place for people who dig things up: palaeontology, gardens, old machines. Run by three friends in a shed.',
	usage: { users: { active_month: 214 } }, registrations: { enabled: true, approval_required: true, message: null },
	configuration: {
		statuses: { max_characters: 500, characters_reserved_per_url: 23, max_media_attachments: 4 },
		media_attachments: { supported_mime_types: ['image/png', 'image/jpeg', 'video/mp4', 'audio/mpeg'], description_limit: 1500, image_size_limit: 16777216, video_size_limit: 103809024 },
	}, rules: [],
};

const relationship = (id) => ({ id, following: [mira.id, lena.id].includes(id), requested: id === yuki.id, followed_by: [mira.id, ivo.id].includes(id), blocking: false, blocked_by: false, muting: false, showing_reblogs: true, notifying: false, domain_blocking: false, note: '' });

const collections = {
	5: { people: [[lab, 'accepted'], [kenta, 'accepted'], [noor, 'accepted'], [plot, 'accepted'], [yuki, 'accepted']] },
	6: { people: [], description: '', tag: null, name: 'Empty so far' },
	7: { people: [[cat, 'accepted'], [tom, 'pending']], sensitive: true, discoverable: false },
};

const uploads = new Map();
const uploaded = (id) => ({ ...uploads.get(id), url: uploads.get(id).left ? null : uploads.get(id).url });

/** Answers one API request: [status, body, headers]. */
export function answer(method, url, body, { signedIn = true } = {}) {
	const path = url.pathname;
	const q = url.searchParams;
	const page = (list) => {
		if (q.has('since_id')) return [200, path === '/api/v1/timelines/home' && BigInt(q.get('since_id')) < BigInt(fresh[0].id) ? fresh : []];
		if (q.has('max_id')) return [200, []];
		return [200, list, { Link: `<https://anancus.example${path}?${q}${q.size ? '&' : ''}max_id=${list.at(-1)?.id}>; rel="next"` }];
	};
	if (path === '/api/v2/instance') return [200, instance];
	if (path === '/api/v1/accounts/verify_credentials') return signedIn ? [200, ada] : [401, { error: 'The access token is invalid' }];
	if (path === '/api/v1/timelines/home') return page(home);
	if (path === '/api/v1/timelines/public') return page(q.get('local') ? local : [...local, japanese, arabic, box]);
	if (path.startsWith('/api/v1/timelines/tag/media')) return page([four, two, sensitive, sound, film, loop, odd]);
	if (path.startsWith('/api/v1/timelines/tag/')) return page([morning, field]);
	if (path === '/api/v1/bookmarks') return page([link]);
	if (path === '/api/v1/preferences') return [200, { 'reading:expand:media': 'default', 'reading:autoplay:gifs': false }];
	if (path === '/api/v1/favourites') return [200, []];
	if (path === '/api/v1/notifications') return page(q.has('types[]') ? notifications.filter((n) => n.type === 'mention') : notifications);
	if (path === '/api/v1/markers') return [200, { notifications: { last_read_id: '891' } }];
	if (path === '/api/v1/follow_requests') return [200, [yuki, hana]];
	if (path === '/api/v1/accounts/relationships') return [200, q.getAll('id[]').map(relationship)];
	if (path === '/api/v1/accounts/lookup') return accounts[q.get('acct')] ? [200, accounts[q.get('acct')]] : [404, { error: 'Record not found' }];
	if (path === '/api/v2/search') {
		const words = q.get('q').toLowerCase();
		if (words.includes('nothing')) return [200, { accounts: [], statuses: [], hashtags: [] }];
		if (words.includes('broken')) return [503, { error: 'Search is being rebuilt' }];
		return [200, { accounts: q.get('type') === 'accounts' ? [] : [mira, tom], statuses: [field], hashtags: [{ name: 'FieldNotes', url: '' }] }];
	}
	let m;
	if ((m = /^\/api\/v1\/accounts\/(\d+)\/statuses$/.exec(path))) {
		const list = [...all.values()].filter((s) => s.account.id === m[1] && !s.reblog);
		return q.get('pinned') ? [200, list.filter((s) => s.pinned)] : [200, list];
	}
	if (/^\/api\/v1\/accounts\/\d+\/(followers|following)$/.test(path)) return [200, [mira, ivo, kenta, noor, lena, tom]];
	if ((m = /^\/api\/v1\/accounts\/(\d+)\/(\w+)$/.exec(path))) return [200, { ...relationship(m[1]), following: m[2] === 'follow' }];
	if ((m = /^\/api\/v1\/follow_requests\/(\d+)\/\w+$/.exec(path))) return [200, relationship(m[1])];
	if (path.startsWith('/api/v1_alpha/async_refreshes/')) return [200, { async_refresh: { id: decodeURIComponent(path.split('/').pop()), status: 'running', result_count: 2 } }];
	if ((m = /^\/api\/v1\/statuses\/(\d+)\/context$/.exec(path))) {
		if (m[1] === field.id) return [200, { ancestors: [], descendants: [r1, r2, r3, r3b, r4] }];
		if (m[1] === box2.id) return [200, { ancestors: [box], descendants: [] }, { 'Mastodon-Async-Refresh': `id="context:${box2.id}", retry=2, result_count=0` }];
		return [200, { ancestors: [], descendants: [] }];
	}
	if ((m = /^\/api\/v1\/statuses\/(\d+)\/(un)?(favourite|reblog|bookmark|pin)$/.exec(path))) {
		const found = all.get(m[1]);
		const flag = { favourite: 'favourited', reblog: 'reblogged', bookmark: 'bookmarked', pin: 'pinned' }[m[3]];
		return [200, { ...found, [flag]: !m[2], favourites_count: found.favourites_count + (m[3] === 'favourite' ? (m[2] ? -1 : 1) : 0) }];
	}
	if ((m = /^\/api\/v1\/statuses\/(\d+)$/.exec(path))) return all.has(m[1]) ? [200, all.get(m[1])] : [404, { error: 'Record not found' }];
	if (path === '/api/v2/media') {
		const id = String(70_000 + uploads.size);
		// Every other file has to wait.
		uploads.set(id, { ...picture(20 + uploads.size * 70, ''), id, description: null, left: uploads.size % 2 });
		return [uploads.get(id).left ? 202 : 200, uploaded(id)];
	}
	if ((m = /^\/api\/v1\/media\/(\d+)$/.exec(path))) {
		const found = uploads.get(m[1]);
		if (!found) return [404, { error: 'Record not found' }];
		if (method === 'PUT') {
			const [x, y] = body.focus.split(',').map(Number);
			Object.assign(found, { description: body.description, meta: { ...found.meta, focus: { x, y } } });
		} else found.left = Math.max(0, found.left - 1);
		return [found.left ? 206 : 200, uploaded(m[1])];
	}
	if ((m = /^\/api\/v1\/collections\/(\d+)$/.exec(path))) {
		const of = collections[m[1]];
		if (!of) return [404, { error: 'Record not found' }];
		const { people, ...more } = of;
		return [200, {
			collection: {
				id: m[1], account_id: mira.id, uri: `https://anancus.example/ap/users/${mira.id}/collections/${m[1]}`, url: `https://anancus.example/collections/${m[1]}`, name: 'People who dig',
				description: '<p>They find things, and tell us about them. Slowly, and with pictures.</p>', language: 'en', local: true, sensitive: false, discoverable: true,
				tag: { name: 'FieldNotes', url: 'https://anancus.example/tags/fieldnotes' }, created_at: before(4000), updated_at: before(60), item_count: people.length,
				items: people.map(([one, state], i) => ({ id: String(i + 1), account_id: one.id, state, created_at: before(100) })), ...more,
			},
			accounts: [mira, ...people.map(([one]) => one)],
		}];
	}
	if (path === '/api/v1/accounts/update_credentials') return [200, ada];
	if (path === '/api/v1/statuses' && method === 'POST') return [200, status(ada, 0, body.status, { visibility: body.visibility, local_only: body.local_only, media_attachments: (body.media_ids ?? []).map(uploaded), in_reply_to_id: body.in_reply_to_id ?? null })];
	if (path === '/api/v1/push/subscription') {
		if (method === 'POST') subscription = { id: 1, endpoint: body.subscription.endpoint, server_key: 'BK', ...body.data };
		else if (method === 'PUT') subscription = { ...subscription, ...body.data };
		else if (method === 'DELETE') subscription = null;
		return subscription || method === 'DELETE' ? [200, subscription ?? {}] : [404, { error: 'Record not found' }];
	}
	return [404, { error: `Not in the mock: ${method} ${path}` }];
}

export const sample = { field, box2, mira, own };
