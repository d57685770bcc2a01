package access

import (
	"strconv"

	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/accounts"
)

// Permission is one bit of what a role may do, as Mastodon numbers them.
type Permission int64

// The permissions.
const (
	Administrator Permission = 1 << iota
	ViewDevops
	ViewAuditLog
	ViewDashboard
	ManageReports
	ManageFederation
	ManageSettings
	ManageBlocks
	ManageTaxonomies
	ManageAppeals
	ManageUsers
	ManageInvites
	ManageRules
	ManageAnnouncements
	ManageCustomEmojis
	ManageWebhooks
	InviteUsers
	ManageRoles
	ManageUserAccess
	DeleteUserData
	ViewFeeds
	InviteBypassApproval
	ManageEmailSubscriptions
	afterLast
)

// What each role may do. Everyone may invite; the owner may do all.
const (
	everyonePermissions  = InviteUsers
	moderatorPermissions = everyonePermissions | ViewDashboard | ViewAuditLog | ManageUsers | ManageReports | ManageTaxonomies
	ownerPermissions     = afterLast - 1
	adminPermissions     = ownerPermissions &^ Administrator
)

// collectionLimit is how many collections of accounts a member may have: Mastodon's default.
const collectionLimit = 10

// PermissionsOf is what a role may do.
func PermissionsOf(role string) Permission {
	switch role {
	case accounts.RoleOwner:
		return ownerPermissions
	case accounts.RoleAdmin:
		return adminPermissions
	case accounts.RoleModerator:
		return moderatorPermissions
	default:
		return everyonePermissions
	}
}

// RoleOf shows a role as the API does. Its ids are those of a fresh Mastodon.
func RoleOf(role string) mastodon.Role {
	shown := mastodon.Role{ID: "-99", Permissions: strconv.FormatInt(int64(PermissionsOf(role)), 10), CollectionLimit: collectionLimit}
	switch role {
	case accounts.RoleModerator:
		shown.ID, shown.Name, shown.Highlighted = "1", "Moderator", true
	case accounts.RoleAdmin:
		shown.ID, shown.Name, shown.Highlighted = "2", "Admin", true
	case accounts.RoleOwner:
		shown.ID, shown.Name, shown.Highlighted = "3", "Owner", true
	}
	return shown
}
