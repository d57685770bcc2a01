/** The JSON the server speaks, as far as this app reads it. Field names are the API's. */

export interface CustomEmoji {
	shortcode: string;
	url: string;
	static_url: string;
	visible_in_picker?: boolean;
	category?: string;
}

/** An emoji with which people of other servers answered a status. */
export interface Reaction {
	name: string;
	count: number;
	url?: string;
	static_url?: string;
}

export interface Field {
	name: string;
	value: string;
	verified_at: string | null;
}

export interface Account {
	id: string;
	username: string;
	acct: string;
	url: string;
	uri?: string;
	display_name: string;
	note: string;
	avatar: string;
	avatar_static: string;
	avatar_description?: string;
	header: string;
	header_static: string;
	header_description?: string;
	locked: boolean;
	bot: boolean;
	group?: boolean;
	fields: Field[];
	emojis: CustomEmoji[];
	created_at: string;
	last_status_at: string | null;
	statuses_count: number;
	followers_count: number;
	following_count: number;
	moved?: Account | null;
	suspended?: boolean;
	limited?: boolean;
	memorial?: boolean;
	hide_collections?: boolean | null;
	roles?: { id: string; name: string; color: string }[];
}

export type Visibility = 'public' | 'unlisted' | 'private' | 'direct';

export interface CredentialAccount extends Account {
	source?: {
		note?: string;
		privacy?: Visibility;
		sensitive?: boolean;
		language?: string | null;
		follow_requests_count?: number;
	};
	role?: { id: string; name: string; permissions?: string };
}

/** What the reader chose for all apps. */
export interface Preferences {
	'reading:expand:media'?: 'default' | 'show_all' | 'hide_all';
	'reading:autoplay:gifs'?: boolean;
	'posting:default:sensitive'?: boolean;
}

export interface Relationship {
	id: string;
	following: boolean;
	requested: boolean;
	followed_by: boolean;
	requested_by?: boolean;
	blocking: boolean;
	blocked_by: boolean;
	muting: boolean;
	showing_reblogs: boolean;
	notifying: boolean;
	domain_blocking: boolean;
	note: string;
}

export interface MediaAttachment {
	id: string;
	type: 'image' | 'gifv' | 'video' | 'audio' | 'unknown';
	url: string | null;
	preview_url: string | null;
	remote_url: string | null;
	description: string | null;
	blurhash: string | null;
	meta?: {
		focus?: { x: number; y: number };
		original?: { width?: number; height?: number; duration?: number };
		small?: { width?: number; height?: number };
	} | null;
}

export interface Poll {
	id: string;
	expires_at: string | null;
	expired: boolean;
	multiple: boolean;
	votes_count: number;
	voters_count: number | null;
	options: { title: string; votes_count: number | null }[];
	emojis: CustomEmoji[];
	voted?: boolean;
	own_votes?: number[];
}

export interface PreviewCard {
	url: string;
	title: string;
	description: string;
	type: 'link' | 'photo' | 'video' | 'rich';
	language?: string | null;
	provider_name: string;
	author_name: string;
	authors?: { name: string; url: string; account: Account | null }[];
	html?: string;
	width?: number;
	height?: number;
	image: string | null;
	image_description?: string;
	blurhash?: string | null;
	published_at?: string | null;
	missing_attribution?: boolean | null;
}

export interface Mention {
	id: string;
	username: string;
	url: string;
	acct: string;
}

export interface Quote {
	state: string;
	quoted_status?: Status | null;
	quoted_status_id?: string | null;
}

export interface FilterResult {
	filter: { id: string; title: string; filter_action: 'warn' | 'hide' | 'blur' };
	keyword_matches: string[] | null;
}

export interface Status {
	id: string;
	uri: string;
	url: string | null;
	created_at: string;
	edited_at: string | null;
	account: Account;
	content: string;
	text?: string;
	visibility: Visibility;
	/** Our extension: the status never leaves this server. */
	local_only?: boolean;
	sensitive: boolean;
	spoiler_text: string;
	language: string | null;
	media_attachments: MediaAttachment[];
	mentions: Mention[];
	tags: { name: string; url: string }[];
	emojis: CustomEmoji[];
	reblogs_count: number;
	favourites_count: number;
	replies_count: number;
	quotes_count?: number;
	in_reply_to_id: string | null;
	in_reply_to_account_id: string | null;
	reblog: Status | null;
	poll: Poll | null;
	card: PreviewCard | null;
	quote?: Quote | null;
	application?: { name: string; website: string | null } | null;
	favourited?: boolean;
	reblogged?: boolean;
	bookmarked?: boolean;
	muted?: boolean;
	pinned?: boolean;
	filtered?: FilterResult[];
}

export interface Context {
	ancestors: Status[];
	descendants: Status[];
}

export type NotificationType =
	| 'mention'
	| 'status'
	| 'reblog'
	| 'follow'
	| 'follow_request'
	| 'favourite'
	| 'poll'
	| 'update'
	| 'quote'
	| 'quoted_update'
	| 'severed_relationships'
	| 'moderation_warning'
	| 'admin.sign_up'
	| 'admin.report';

export interface Notification {
	id: string;
	type: NotificationType | (string & {});
	group_key?: string;
	created_at: string;
	account: Account;
	status?: Status | null;
}

export interface Tag {
	id?: string;
	name: string;
	url: string;
	history?: { day: string; accounts: string; uses: string }[];
	following?: boolean;
}

/** Somebody in a collection; only its owner is told of who did not answer yet. */
export interface CollectionItem {
	id: string;
	account_id?: string | null;
	state: 'pending' | 'accepted' | 'rejected' | 'revoked';
}

/** Accounts that somebody recommends. */
export interface Collection {
	id: string;
	account_id: string;
	uri: string;
	url: string | null;
	name: string;
	description: string;
	language: string | null;
	local: boolean;
	sensitive: boolean;
	discoverable: boolean;
	tag: Tag | null;
	item_count: number;
	items: CollectionItem[];
}

export interface Search {
	accounts: Account[];
	statuses: Status[];
	hashtags: Tag[];
}

export interface Instance {
	domain: string;
	title: string;
	version: string;
	source_url: string;
	description: string;
	languages: string[];
	thumbnail?: { url: string | null };
	usage?: { users?: { active_month?: number } };
	configuration?: {
		vapid?: { public_key: string };
		accounts?: { max_display_name_length?: number; max_note_length?: number; max_avatar_description_length?: number };
		statuses?: { max_characters?: number; characters_reserved_per_url?: number; max_media_attachments?: number };
		media_attachments?: { supported_mime_types?: string[]; description_limit?: number; image_size_limit?: number; video_size_limit?: number };
		polls?: { max_options?: number; max_characters_per_option?: number; min_expiration?: number; max_expiration?: number };
	};
	registrations?: { enabled: boolean; approval_required: boolean; message: string | null; url?: string | null };
	rules?: { id: string; text: string }[];
}

export interface Markers {
	home?: { last_read_id: string };
	notifications?: { last_read_id: string };
}
