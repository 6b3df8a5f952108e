package corrupttest_test

import (
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// The error codes of the services' models, as sent over the wire: the results of ErrorCode in
// types/errors.go of rds v1.132.0, cloudtrail v1.56.0 and customerprofiles v1.62.1.
const (
	rdsCodes = `
	AuthorizationAlreadyExists AuthorizationNotFound AuthorizationQuotaExceeded BackupPolicyNotFoundFault
	BlueGreenDeploymentAlreadyExistsFault BlueGreenDeploymentNotFoundFault CertificateNotFound CreateCustomDBEngineVersionFault
	CustomAvailabilityZoneNotFound CustomDBEngineVersionAlreadyExistsFault CustomDBEngineVersionNotFoundFault
	CustomDBEngineVersionQuotaExceededFault DBCapacityReservationAlreadyExists DBCapacityReservationNotFound
	DBCapacityReservationUnsupported DBClusterAlreadyExistsFault DBClusterAutomatedBackupNotFoundFault
	DBClusterAutomatedBackupQuotaExceededFault DBClusterBacktrackNotFoundFault DBClusterEndpointAlreadyExistsFault
	DBClusterEndpointNotFoundFault DBClusterEndpointQuotaExceededFault DBClusterNotFoundFault DBClusterParameterGroupNotFound
	DBClusterQuotaExceededFault DBClusterRoleAlreadyExists DBClusterRoleNotFound DBClusterRoleQuotaExceeded
	DBClusterSnapshotAlreadyExistsFault DBClusterSnapshotNotFoundFault DBInstanceAlreadyExists DBInstanceAutomatedBackupNotFound
	DBInstanceAutomatedBackupQuotaExceeded DBInstanceNotFound DBInstanceNotReady DBInstanceRoleAlreadyExists DBInstanceRoleNotFound
	DBInstanceRoleQuotaExceeded DBLogFileNotFoundFault DBParameterGroupAlreadyExists DBParameterGroupNotFound
	DBParameterGroupQuotaExceeded DBProxyAlreadyExistsFault DBProxyEndpointAlreadyExistsFault DBProxyEndpointNotFoundFault
	DBProxyEndpointQuotaExceededFault DBProxyNotFoundFault DBProxyQuotaExceededFault DBProxyTargetAlreadyRegisteredFault
	DBProxyTargetGroupNotFoundFault DBProxyTargetNotFoundFault DBSecurityGroupAlreadyExists DBSecurityGroupNotFound
	DBSecurityGroupNotSupported DBShardGroupAlreadyExists DBShardGroupNotFound DBSnapshotAlreadyExists DBSnapshotNotFound
	DBSnapshotTenantDatabaseNotFoundFault DBSubnetGroupAlreadyExists DBSubnetGroupDoesNotCoverEnoughAZs DBSubnetGroupNotAllowedFault
	DBSubnetGroupNotFoundFault DBSubnetGroupQuotaExceeded DBSubnetQuotaExceededFault DBUpgradeDependencyFailure DomainNotFoundFault
	Ec2ImagePropertiesNotSupportedFault EventSubscriptionQuotaExceeded ExportTaskAlreadyExists ExportTaskNotFound
	GlobalClusterAlreadyExistsFault GlobalClusterNotFoundFault GlobalClusterQuotaExceededFault IamRoleMissingPermissions
	IamRoleNotFound InstanceQuotaExceeded InsufficientAvailableIPsInSubnetFault InsufficientDBClusterCapacityFault
	InsufficientDBInstanceCapacity InsufficientStorageClusterCapacity IntegrationAlreadyExistsFault IntegrationConflictOperationFault
	IntegrationNotFoundFault IntegrationQuotaExceededFault InvalidBlueGreenDeploymentStateFault
	InvalidCustomDBEngineVersionStateFault InvalidDBCapacityReservationState InvalidDBClusterAutomatedBackupStateFault
	InvalidDBClusterCapacityFault InvalidDBClusterEndpointStateFault InvalidDBClusterSnapshotStateFault InvalidDBClusterStateFault
	InvalidDBInstanceAutomatedBackupState InvalidDBInstanceState InvalidDBParameterGroupState InvalidDBProxyEndpointStateFault
	InvalidDBProxyStateFault InvalidDBSecurityGroupState InvalidDBShardGroupState InvalidDBSnapshotState InvalidDBSubnetGroupFault
	InvalidDBSubnetGroupStateFault InvalidDBSubnetStateFault InvalidEventSubscriptionState InvalidExportOnly InvalidExportSourceState
	InvalidExportTaskStateFault InvalidGlobalClusterStateFault InvalidIntegrationStateFault InvalidOptionGroupStateFault
	InvalidResourceStateFault InvalidRestoreFault InvalidS3BucketFault InvalidSubnet InvalidVPCNetworkStateFault
	KMSKeyNotAccessibleFault MaxDBShardGroupLimitReached NetworkTypeNotSupported OptionGroupAlreadyExistsFault
	OptionGroupNotFoundFault OptionGroupQuotaExceededFault PointInTimeRestoreNotEnabled ProvisionedIopsNotAvailableInAZFault
	QuotaExceeded.DBSecurityGroup ReservedDBInstanceAlreadyExists ReservedDBInstanceNotFound ReservedDBInstanceQuotaExceeded
	ReservedDBInstancesOfferingNotFound ResourceNotFoundFault SNSInvalidTopic SNSNoAuthorization SNSTopicArnNotFound
	SharedSnapshotQuotaExceeded SnapshotQuotaExceeded SourceClusterNotSupportedFault SourceDatabaseNotSupportedFault SourceNotFound
	StorageQuotaExceeded StorageTypeNotAvailableFault StorageTypeNotSupported SubnetAlreadyInUse SubscriptionAlreadyExist
	SubscriptionCategoryNotFound SubscriptionNotFound TenantDatabaseAlreadyExists TenantDatabaseNotFound TenantDatabaseQuotaExceeded
	UnsupportedDBEngineVersion VpcEncryptionControlViolationException`
	cloudTrailCodes = `
	AccessDeniedException AccountHasOngoingImportException AccountNotFoundException AccountNotRegisteredException
	AccountRegisteredException CannotDelegateManagementAccountException ChannelARNInvalidException ChannelAlreadyExistsException
	ChannelExistsForEDSException ChannelMaxLimitExceededException ChannelNotFoundException CloudTrailARNInvalidException
	CloudTrailAccessNotEnabledException CloudTrailInvalidClientTokenIdException CloudWatchLogsDeliveryUnavailableException
	ConcurrentModificationException ConflictException DelegatedAdminAccountLimitExceededException EventDataStoreARNInvalidException
	EventDataStoreAlreadyExistsException EventDataStoreFederationEnabledException EventDataStoreHasOngoingImportException
	EventDataStoreMaxLimitExceededException EventDataStoreNotFoundException EventDataStoreTerminationProtectedException
	GenerateResponseException ImportNotFoundException InactiveEventDataStoreException InactiveQueryException
	InsightNotEnabledException InsufficientDependencyServiceAccessPermissionException InsufficientEncryptionPolicyException
	InsufficientIAMAccessPermissionException InsufficientS3BucketPolicyException InsufficientSnsTopicPolicyException
	InvalidCloudWatchLogsLogGroupArnException InvalidCloudWatchLogsRoleArnException InvalidDateRangeException
	InvalidEventCategoryException InvalidEventDataStoreCategoryException InvalidEventDataStoreStatusException
	InvalidEventSelectorsException InvalidHomeRegionException InvalidImportSourceException InvalidInsightSelectorsException
	InvalidKmsKeyIdException InvalidLookupAttributesException InvalidMaxResultsException InvalidNextTokenException
	InvalidParameterCombinationException InvalidParameterException InvalidQueryStatementException InvalidQueryStatusException
	InvalidS3BucketNameException InvalidS3PrefixException InvalidSnsTopicNameException InvalidSourceException
	InvalidTagParameterException InvalidTimeRangeException InvalidTokenException InvalidTrailNameException KmsException
	KmsKeyDisabledException KmsKeyNotFoundException MaxConcurrentQueriesException MaximumNumberOfTrailsExceededException
	NoManagementAccountSLRExistsException NotOrganizationManagementAccountException NotOrganizationMasterAccountException
	OperationNotPermittedException OrganizationNotInAllFeaturesModeException OrganizationsNotInUseException QueryIdNotFoundException
	ResourceARNNotValidException ResourceNotFoundException ResourcePolicyNotFoundException ResourcePolicyNotValidException
	ResourceTypeNotSupportedException S3BucketDoesNotExistException ServiceQuotaExceededException TagsLimitExceededException
	ThrottlingException TrailAlreadyExistsException TrailNotFoundException TrailNotProvidedException UnsupportedOperationException`
	customerProfilesCodes = `
	AccessDeniedException BadRequestException InternalServerException ResourceNotFoundException ThrottlingException`
)

// The kinds of those codes that the operations of this module can return. Every other code of the
// models is Unknown.
var (
	rdsKinds = map[string]statemachine.Kind{
		"DBClusterNotFoundFault":     statemachine.NotFound,
		"DBInstanceNotFound":         statemachine.NotFound,
		"ResourceNotFoundFault":      statemachine.NotFound,
		"InvalidDBClusterStateFault": statemachine.InvalidState,
		"InvalidDBInstanceState":     statemachine.InvalidState,
		"KMSKeyNotAccessibleFault":   statemachine.KeyNotAccessible,
	}
	cloudTrailKinds = map[string]statemachine.Kind{
		"AccessDeniedException":                                  statemachine.AccessDenied,
		"ConflictException":                                      statemachine.Conflict,
		"EventDataStoreARNInvalidException":                      statemachine.InvalidInput,
		"EventDataStoreNotFoundException":                        statemachine.NotFound,
		"InactiveEventDataStoreException":                        statemachine.InvalidState,
		"InsufficientDependencyServiceAccessPermissionException": statemachine.MissingDependency,
		"InvalidEventDataStoreCategoryException":                 statemachine.Unsupported,
		"InvalidEventDataStoreStatusException":                   statemachine.InvalidState,
		"InvalidMaxResultsException":                             statemachine.InvalidInput,
		"InvalidNextTokenException":                              statemachine.InvalidInput,
		"InvalidParameterException":                              statemachine.InvalidInput,
		"NoManagementAccountSLRExistsException":                  statemachine.MissingDependency,
		"NotOrganizationMasterAccountException":                  statemachine.AccessDenied,
		"OperationNotPermittedException":                         statemachine.AccessDenied,
		"ThrottlingException":                                    statemachine.Throttled,
		"UnsupportedOperationException":                          statemachine.Unsupported,
	}
	customerProfilesKinds = map[string]statemachine.Kind{
		"AccessDeniedException":     statemachine.AccessDenied,
		"BadRequestException":       statemachine.InvalidInput,
		"InternalServerException":   statemachine.Unavailable,
		"ResourceNotFoundException": statemachine.NotFound,
		"ThrottlingException":       statemachine.Throttled,
	}
)
