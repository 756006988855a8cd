// Code generated from codepages.tsv by gen; DO NOT EDIT.

package wbxml

// The tags of the code pages, named by namespace and element ([MS-ASWBXML] 2.1.2.1).
const (
	AirSyncSync              Tag = 0x0005
	AirSyncResponses         Tag = 0x0006
	AirSyncAdd               Tag = 0x0007
	AirSyncChange            Tag = 0x0008
	AirSyncDelete            Tag = 0x0009
	AirSyncFetch             Tag = 0x000A
	AirSyncSyncKey           Tag = 0x000B
	AirSyncClientId          Tag = 0x000C
	AirSyncServerId          Tag = 0x000D
	AirSyncStatus            Tag = 0x000E
	AirSyncCollection        Tag = 0x000F
	AirSyncClass             Tag = 0x0010
	AirSyncVersion           Tag = 0x0011
	AirSyncCollectionId      Tag = 0x0012
	AirSyncGetChanges        Tag = 0x0013
	AirSyncMoreAvailable     Tag = 0x0014
	AirSyncWindowSize        Tag = 0x0015
	AirSyncCommands          Tag = 0x0016
	AirSyncOptions           Tag = 0x0017
	AirSyncFilterType        Tag = 0x0018
	AirSyncTruncation        Tag = 0x0019
	AirSyncRTFTruncation     Tag = 0x001A
	AirSyncConflict          Tag = 0x001B
	AirSyncCollections       Tag = 0x001C
	AirSyncApplicationData   Tag = 0x001D
	AirSyncDeletesAsMoves    Tag = 0x001E
	AirSyncNotifyGUID        Tag = 0x001F
	AirSyncSupported         Tag = 0x0020
	AirSyncSoftDelete        Tag = 0x0021
	AirSyncMIMESupport       Tag = 0x0022
	AirSyncMIMETruncation    Tag = 0x0023
	AirSyncWait              Tag = 0x0024
	AirSyncLimit             Tag = 0x0025
	AirSyncPartial           Tag = 0x0026
	AirSyncConversationMode  Tag = 0x0027
	AirSyncMaxItems          Tag = 0x0028
	AirSyncHeartbeatInterval Tag = 0x0029

	ContactsAnniversary               Tag = 0x0105
	ContactsAssistantName             Tag = 0x0106
	ContactsAssistantPhoneNumber      Tag = 0x0107
	ContactsBirthday                  Tag = 0x0108
	ContactsBody                      Tag = 0x0109
	ContactsBodySize                  Tag = 0x010A
	ContactsBodyTruncated             Tag = 0x010B
	ContactsBusiness2PhoneNumber      Tag = 0x010C
	ContactsBusinessAddressCity       Tag = 0x010D
	ContactsBusinessAddressCountry    Tag = 0x010E
	ContactsBusinessAddressPostalCode Tag = 0x010F
	ContactsBusinessAddressState      Tag = 0x0110
	ContactsBusinessAddressStreet     Tag = 0x0111
	ContactsBusinessFaxNumber         Tag = 0x0112
	ContactsBusinessPhoneNumber       Tag = 0x0113
	ContactsCarPhoneNumber            Tag = 0x0114
	ContactsCategories                Tag = 0x0115
	ContactsCategory                  Tag = 0x0116
	ContactsChildren                  Tag = 0x0117
	ContactsChild                     Tag = 0x0118
	ContactsCompanyName               Tag = 0x0119
	ContactsDepartment                Tag = 0x011A
	ContactsEmail1Address             Tag = 0x011B
	ContactsEmail2Address             Tag = 0x011C
	ContactsEmail3Address             Tag = 0x011D
	ContactsFileAs                    Tag = 0x011E
	ContactsFirstName                 Tag = 0x011F
	ContactsHome2PhoneNumber          Tag = 0x0120
	ContactsHomeAddressCity           Tag = 0x0121
	ContactsHomeAddressCountry        Tag = 0x0122
	ContactsHomeAddressPostalCode     Tag = 0x0123
	ContactsHomeAddressState          Tag = 0x0124
	ContactsHomeAddressStreet         Tag = 0x0125
	ContactsHomeFaxNumber             Tag = 0x0126
	ContactsHomePhoneNumber           Tag = 0x0127
	ContactsJobTitle                  Tag = 0x0128
	ContactsLastName                  Tag = 0x0129
	ContactsMiddleName                Tag = 0x012A
	ContactsMobilePhoneNumber         Tag = 0x012B
	ContactsOfficeLocation            Tag = 0x012C
	ContactsOtherAddressCity          Tag = 0x012D
	ContactsOtherAddressCountry       Tag = 0x012E
	ContactsOtherAddressPostalCode    Tag = 0x012F
	ContactsOtherAddressState         Tag = 0x0130
	ContactsOtherAddressStreet        Tag = 0x0131
	ContactsPagerNumber               Tag = 0x0132
	ContactsRadioPhoneNumber          Tag = 0x0133
	ContactsSpouse                    Tag = 0x0134
	ContactsSuffix                    Tag = 0x0135
	ContactsTitle                     Tag = 0x0136
	ContactsWebPage                   Tag = 0x0137
	ContactsYomiCompanyName           Tag = 0x0138
	ContactsYomiFirstName             Tag = 0x0139
	ContactsYomiLastName              Tag = 0x013A
	ContactsCompressedRTF             Tag = 0x013B
	ContactsPicture                   Tag = 0x013C
	ContactsAlias                     Tag = 0x013D
	ContactsWeightedRank              Tag = 0x013E

	EmailAttachment              Tag = 0x0205
	EmailAttachments             Tag = 0x0206
	EmailAttName                 Tag = 0x0207
	EmailAttSize                 Tag = 0x0208
	EmailAttOid                  Tag = 0x0209
	EmailAttMethod               Tag = 0x020A
	EmailAttRemoved              Tag = 0x020B
	EmailBody                    Tag = 0x020C
	EmailBodySize                Tag = 0x020D
	EmailBodyTruncated           Tag = 0x020E
	EmailDateReceived            Tag = 0x020F
	EmailDisplayName             Tag = 0x0210
	EmailDisplayTo               Tag = 0x0211
	EmailImportance              Tag = 0x0212
	EmailMessageClass            Tag = 0x0213
	EmailSubject                 Tag = 0x0214
	EmailRead                    Tag = 0x0215
	EmailTo                      Tag = 0x0216
	EmailCc                      Tag = 0x0217
	EmailFrom                    Tag = 0x0218
	EmailReplyTo                 Tag = 0x0219
	EmailAllDayEvent             Tag = 0x021A
	EmailCategories              Tag = 0x021B
	EmailCategory                Tag = 0x021C
	EmailDtStamp                 Tag = 0x021D
	EmailEndTime                 Tag = 0x021E
	EmailInstanceType            Tag = 0x021F
	EmailBusyStatus              Tag = 0x0220
	EmailLocation                Tag = 0x0221
	EmailMeetingRequest          Tag = 0x0222
	EmailOrganizer               Tag = 0x0223
	EmailRecurrenceId            Tag = 0x0224
	EmailReminder                Tag = 0x0225
	EmailResponseRequested       Tag = 0x0226
	EmailRecurrences             Tag = 0x0227
	EmailRecurrence              Tag = 0x0228
	EmailType                    Tag = 0x0229
	EmailUntil                   Tag = 0x022A
	EmailOccurrences             Tag = 0x022B
	EmailInterval                Tag = 0x022C
	EmailDayOfWeek               Tag = 0x022D
	EmailDayOfMonth              Tag = 0x022E
	EmailWeekOfMonth             Tag = 0x022F
	EmailMonthOfYear             Tag = 0x0230
	EmailStartTime               Tag = 0x0231
	EmailSensitivity             Tag = 0x0232
	EmailTimeZone                Tag = 0x0233
	EmailGlobalObjId             Tag = 0x0234
	EmailThreadTopic             Tag = 0x0235
	EmailMIMEData                Tag = 0x0236
	EmailMIMETruncated           Tag = 0x0237
	EmailMIMESize                Tag = 0x0238
	EmailInternetCPID            Tag = 0x0239
	EmailFlag                    Tag = 0x023A
	EmailStatus                  Tag = 0x023B
	EmailContentClass            Tag = 0x023C
	EmailFlagType                Tag = 0x023D
	EmailCompleteTime            Tag = 0x023E
	EmailDisallowNewTimeProposal Tag = 0x023F

	AirNotifyNotify               Tag = 0x0305
	AirNotifyNotification         Tag = 0x0306
	AirNotifyVersion              Tag = 0x0307
	AirNotifyLifeTime             Tag = 0x0308
	AirNotifyDeviceInfo           Tag = 0x0309
	AirNotifyEnable               Tag = 0x030A
	AirNotifyFolder               Tag = 0x030B
	AirNotifyServerId             Tag = 0x030C
	AirNotifyDeviceAddress        Tag = 0x030D
	AirNotifyValidCarrierProfiles Tag = 0x030E
	AirNotifyCarrierProfile       Tag = 0x030F
	AirNotifyStatus               Tag = 0x0310
	AirNotifyResponses            Tag = 0x0311
	AirNotifyDevices              Tag = 0x0312
	AirNotifyDevice               Tag = 0x0313
	AirNotifyId                   Tag = 0x0314
	AirNotifyExpiry               Tag = 0x0315
	AirNotifyNotifyGUID           Tag = 0x0316
	AirNotifyDeviceFriendlyName   Tag = 0x0317

	CalendarTimezone                  Tag = 0x0405
	CalendarAllDayEvent               Tag = 0x0406
	CalendarAttendees                 Tag = 0x0407
	CalendarAttendee                  Tag = 0x0408
	CalendarEmail                     Tag = 0x0409
	CalendarName                      Tag = 0x040A
	CalendarBody                      Tag = 0x040B
	CalendarBodyTruncated             Tag = 0x040C
	CalendarBusyStatus                Tag = 0x040D
	CalendarCategories                Tag = 0x040E
	CalendarCategory                  Tag = 0x040F
	CalendarCompressedRTF             Tag = 0x0410
	CalendarDtStamp                   Tag = 0x0411
	CalendarEndTime                   Tag = 0x0412
	CalendarException                 Tag = 0x0413
	CalendarExceptions                Tag = 0x0414
	CalendarDeleted                   Tag = 0x0415
	CalendarExceptionStartTime        Tag = 0x0416
	CalendarLocation                  Tag = 0x0417
	CalendarMeetingStatus             Tag = 0x0418
	CalendarOrganizerEmail            Tag = 0x0419
	CalendarOrganizerName             Tag = 0x041A
	CalendarRecurrence                Tag = 0x041B
	CalendarType                      Tag = 0x041C
	CalendarUntil                     Tag = 0x041D
	CalendarOccurrences               Tag = 0x041E
	CalendarInterval                  Tag = 0x041F
	CalendarDayOfWeek                 Tag = 0x0420
	CalendarDayOfMonth                Tag = 0x0421
	CalendarWeekOfMonth               Tag = 0x0422
	CalendarMonthOfYear               Tag = 0x0423
	CalendarReminder                  Tag = 0x0424
	CalendarSensitivity               Tag = 0x0425
	CalendarSubject                   Tag = 0x0426
	CalendarStartTime                 Tag = 0x0427
	CalendarUID                       Tag = 0x0428
	CalendarAttendeeStatus            Tag = 0x0429
	CalendarAttendeeType              Tag = 0x042A
	CalendarAttachment                Tag = 0x042B
	CalendarAttachments               Tag = 0x042C
	CalendarAttName                   Tag = 0x042D
	CalendarAttSize                   Tag = 0x042E
	CalendarAttOid                    Tag = 0x042F
	CalendarAttMethod                 Tag = 0x0430
	CalendarAttRemoved                Tag = 0x0431
	CalendarDisplayName               Tag = 0x0432
	CalendarDisallowNewTimeProposal   Tag = 0x0433
	CalendarResponseRequested         Tag = 0x0434
	CalendarAppointmentReplyTime      Tag = 0x0435
	CalendarResponseType              Tag = 0x0436
	CalendarCalendarType              Tag = 0x0437
	CalendarIsLeapMonth               Tag = 0x0438
	CalendarFirstDayOfWeek            Tag = 0x0439
	CalendarOnlineMeetingConfLink     Tag = 0x043A
	CalendarOnlineMeetingExternalLink Tag = 0x043B
	CalendarClientUid                 Tag = 0x043C

	MoveMoveItems Tag = 0x0505
	MoveMove      Tag = 0x0506
	MoveSrcMsgId  Tag = 0x0507
	MoveSrcFldId  Tag = 0x0508
	MoveDstFldId  Tag = 0x0509
	MoveResponse  Tag = 0x050A
	MoveStatus    Tag = 0x050B
	MoveDstMsgId  Tag = 0x050C

	GetItemEstimateGetItemEstimate Tag = 0x0605
	GetItemEstimateVersion         Tag = 0x0606
	GetItemEstimateCollections     Tag = 0x0607
	GetItemEstimateCollection      Tag = 0x0608
	GetItemEstimateClass           Tag = 0x0609
	GetItemEstimateCollectionId    Tag = 0x060A
	GetItemEstimateDateTime        Tag = 0x060B
	GetItemEstimateEstimate        Tag = 0x060C
	GetItemEstimateResponse        Tag = 0x060D
	GetItemEstimateStatus          Tag = 0x060E

	FolderHierarchyFolders      Tag = 0x0705
	FolderHierarchyFolder       Tag = 0x0706
	FolderHierarchyDisplayName  Tag = 0x0707
	FolderHierarchyServerId     Tag = 0x0708
	FolderHierarchyParentId     Tag = 0x0709
	FolderHierarchyType         Tag = 0x070A
	FolderHierarchyResponse     Tag = 0x070B
	FolderHierarchyStatus       Tag = 0x070C
	FolderHierarchyContentClass Tag = 0x070D
	FolderHierarchyChanges      Tag = 0x070E
	FolderHierarchyAdd          Tag = 0x070F
	FolderHierarchyDelete       Tag = 0x0710
	FolderHierarchyUpdate       Tag = 0x0711
	FolderHierarchySyncKey      Tag = 0x0712
	FolderHierarchyFolderCreate Tag = 0x0713
	FolderHierarchyFolderDelete Tag = 0x0714
	FolderHierarchyFolderUpdate Tag = 0x0715
	FolderHierarchyFolderSync   Tag = 0x0716
	FolderHierarchyCount        Tag = 0x0717
	FolderHierarchyVersion      Tag = 0x0718

	MeetingResponseCalendarId        Tag = 0x0805
	MeetingResponseCollectionId      Tag = 0x0806
	MeetingResponseMeetingResponse   Tag = 0x0807
	MeetingResponseRequestId         Tag = 0x0808
	MeetingResponseRequest           Tag = 0x0809
	MeetingResponseResult            Tag = 0x080A
	MeetingResponseStatus            Tag = 0x080B
	MeetingResponseUserResponse      Tag = 0x080C
	MeetingResponseVersion           Tag = 0x080D
	MeetingResponseInstanceId        Tag = 0x080E
	MeetingResponseProposedStartTime Tag = 0x0810
	MeetingResponseProposedEndTime   Tag = 0x0811
	MeetingResponseSendResponse      Tag = 0x0812

	TasksBody           Tag = 0x0905
	TasksBodySize       Tag = 0x0906
	TasksBodyTruncated  Tag = 0x0907
	TasksCategories     Tag = 0x0908
	TasksCategory       Tag = 0x0909
	TasksComplete       Tag = 0x090A
	TasksDateCompleted  Tag = 0x090B
	TasksDueDate        Tag = 0x090C
	TasksUtcDueDate     Tag = 0x090D
	TasksImportance     Tag = 0x090E
	TasksRecurrence     Tag = 0x090F
	TasksType           Tag = 0x0910
	TasksStart          Tag = 0x0911
	TasksUntil          Tag = 0x0912
	TasksOccurrences    Tag = 0x0913
	TasksInterval       Tag = 0x0914
	TasksDayOfMonth     Tag = 0x0915
	TasksDayOfWeek      Tag = 0x0916
	TasksWeekOfMonth    Tag = 0x0917
	TasksMonthOfYear    Tag = 0x0918
	TasksRegenerate     Tag = 0x0919
	TasksDeadOccur      Tag = 0x091A
	TasksReminderSet    Tag = 0x091B
	TasksReminderTime   Tag = 0x091C
	TasksSensitivity    Tag = 0x091D
	TasksStartDate      Tag = 0x091E
	TasksUtcStartDate   Tag = 0x091F
	TasksSubject        Tag = 0x0920
	TasksCompressedRTF  Tag = 0x0921
	TasksOrdinalDate    Tag = 0x0922
	TasksSubOrdinalDate Tag = 0x0923
	TasksCalendarType   Tag = 0x0924
	TasksIsLeapMonth    Tag = 0x0925
	TasksFirstDayOfWeek Tag = 0x0926

	ResolveRecipientsResolveRecipients      Tag = 0x0A05
	ResolveRecipientsResponse               Tag = 0x0A06
	ResolveRecipientsStatus                 Tag = 0x0A07
	ResolveRecipientsType                   Tag = 0x0A08
	ResolveRecipientsRecipient              Tag = 0x0A09
	ResolveRecipientsDisplayName            Tag = 0x0A0A
	ResolveRecipientsEmailAddress           Tag = 0x0A0B
	ResolveRecipientsCertificates           Tag = 0x0A0C
	ResolveRecipientsCertificate            Tag = 0x0A0D
	ResolveRecipientsMiniCertificate        Tag = 0x0A0E
	ResolveRecipientsOptions                Tag = 0x0A0F
	ResolveRecipientsTo                     Tag = 0x0A10
	ResolveRecipientsCertificateRetrieval   Tag = 0x0A11
	ResolveRecipientsRecipientCount         Tag = 0x0A12
	ResolveRecipientsMaxCertificates        Tag = 0x0A13
	ResolveRecipientsMaxAmbiguousRecipients Tag = 0x0A14
	ResolveRecipientsCertificateCount       Tag = 0x0A15
	ResolveRecipientsAvailability           Tag = 0x0A16
	ResolveRecipientsStartTime              Tag = 0x0A17
	ResolveRecipientsEndTime                Tag = 0x0A18
	ResolveRecipientsMergedFreeBusy         Tag = 0x0A19
	ResolveRecipientsPicture                Tag = 0x0A1A
	ResolveRecipientsMaxSize                Tag = 0x0A1B
	ResolveRecipientsData                   Tag = 0x0A1C
	ResolveRecipientsMaxPictures            Tag = 0x0A1D

	ValidateCertValidateCert     Tag = 0x0B05
	ValidateCertCertificates     Tag = 0x0B06
	ValidateCertCertificate      Tag = 0x0B07
	ValidateCertCertificateChain Tag = 0x0B08
	ValidateCertCheckCRL         Tag = 0x0B09
	ValidateCertStatus           Tag = 0x0B0A

	Contacts2CustomerId       Tag = 0x0C05
	Contacts2GovernmentId     Tag = 0x0C06
	Contacts2IMAddress        Tag = 0x0C07
	Contacts2IMAddress2       Tag = 0x0C08
	Contacts2IMAddress3       Tag = 0x0C09
	Contacts2ManagerName      Tag = 0x0C0A
	Contacts2CompanyMainPhone Tag = 0x0C0B
	Contacts2AccountName      Tag = 0x0C0C
	Contacts2NickName         Tag = 0x0C0D
	Contacts2MMS              Tag = 0x0C0E

	PingPing              Tag = 0x0D05
	PingAutdState         Tag = 0x0D06
	PingStatus            Tag = 0x0D07
	PingHeartbeatInterval Tag = 0x0D08
	PingFolders           Tag = 0x0D09
	PingFolder            Tag = 0x0D0A
	PingId                Tag = 0x0D0B
	PingClass             Tag = 0x0D0C
	PingMaxFolders        Tag = 0x0D0D
	PingVersion           Tag = 0x0D0E

	ProvisionProvision                                Tag = 0x0E05
	ProvisionPolicies                                 Tag = 0x0E06
	ProvisionPolicy                                   Tag = 0x0E07
	ProvisionPolicyType                               Tag = 0x0E08
	ProvisionPolicyKey                                Tag = 0x0E09
	ProvisionData                                     Tag = 0x0E0A
	ProvisionStatus                                   Tag = 0x0E0B
	ProvisionRemoteWipe                               Tag = 0x0E0C
	ProvisionEASProvisionDoc                          Tag = 0x0E0D
	ProvisionDevicePasswordEnabled                    Tag = 0x0E0E
	ProvisionAlphanumericDevicePasswordRequired       Tag = 0x0E0F
	ProvisionRequireStorageCardEncryption             Tag = 0x0E10
	ProvisionPasswordRecoveryEnabled                  Tag = 0x0E11
	ProvisionDocumentBrowseEnabled                    Tag = 0x0E12
	ProvisionAttachmentsEnabled                       Tag = 0x0E13
	ProvisionMinDevicePasswordLength                  Tag = 0x0E14
	ProvisionMaxInactivityTimeDeviceLock              Tag = 0x0E15
	ProvisionMaxDevicePasswordFailedAttempts          Tag = 0x0E16
	ProvisionMaxAttachmentSize                        Tag = 0x0E17
	ProvisionAllowSimpleDevicePassword                Tag = 0x0E18
	ProvisionDevicePasswordExpiration                 Tag = 0x0E19
	ProvisionDevicePasswordHistory                    Tag = 0x0E1A
	ProvisionAllowStorageCard                         Tag = 0x0E1B
	ProvisionAllowCamera                              Tag = 0x0E1C
	ProvisionRequireDeviceEncryption                  Tag = 0x0E1D
	ProvisionAllowUnsignedApplications                Tag = 0x0E1E
	ProvisionAllowUnsignedInstallationPackages        Tag = 0x0E1F
	ProvisionMinDevicePasswordComplexCharacters       Tag = 0x0E20
	ProvisionAllowWiFi                                Tag = 0x0E21
	ProvisionAllowTextMessaging                       Tag = 0x0E22
	ProvisionAllowPOPIMAPEmail                        Tag = 0x0E23
	ProvisionAllowBluetooth                           Tag = 0x0E24
	ProvisionAllowIrDA                                Tag = 0x0E25
	ProvisionRequireManualSyncWhenRoaming             Tag = 0x0E26
	ProvisionAllowDesktopSync                         Tag = 0x0E27
	ProvisionMaxCalendarAgeFilter                     Tag = 0x0E28
	ProvisionAllowHTMLEmail                           Tag = 0x0E29
	ProvisionMaxEmailAgeFilter                        Tag = 0x0E2A
	ProvisionMaxEmailBodyTruncationSize               Tag = 0x0E2B
	ProvisionMaxEmailHTMLBodyTruncationSize           Tag = 0x0E2C
	ProvisionRequireSignedSMIMEMessages               Tag = 0x0E2D
	ProvisionRequireEncryptedSMIMEMessages            Tag = 0x0E2E
	ProvisionRequireSignedSMIMEAlgorithm              Tag = 0x0E2F
	ProvisionRequireEncryptionSMIMEAlgorithm          Tag = 0x0E30
	ProvisionAllowSMIMEEncryptionAlgorithmNegotiation Tag = 0x0E31
	ProvisionAllowSMIMESoftCerts                      Tag = 0x0E32
	ProvisionAllowBrowser                             Tag = 0x0E33
	ProvisionAllowConsumerEmail                       Tag = 0x0E34
	ProvisionAllowRemoteDesktop                       Tag = 0x0E35
	ProvisionAllowInternetSharing                     Tag = 0x0E36
	ProvisionUnapprovedInROMApplicationList           Tag = 0x0E37
	ProvisionApplicationName                          Tag = 0x0E38
	ProvisionApprovedApplicationList                  Tag = 0x0E39
	ProvisionHash                                     Tag = 0x0E3A
	ProvisionAccountOnlyRemoteWipe                    Tag = 0x0E3B

	SearchSearch         Tag = 0x0F05
	SearchStores         Tag = 0x0F06
	SearchStore          Tag = 0x0F07
	SearchName           Tag = 0x0F08
	SearchQuery          Tag = 0x0F09
	SearchOptions        Tag = 0x0F0A
	SearchRange          Tag = 0x0F0B
	SearchStatus         Tag = 0x0F0C
	SearchResponse       Tag = 0x0F0D
	SearchResult         Tag = 0x0F0E
	SearchProperties     Tag = 0x0F0F
	SearchTotal          Tag = 0x0F10
	SearchEqualTo        Tag = 0x0F11
	SearchValue          Tag = 0x0F12
	SearchAnd            Tag = 0x0F13
	SearchOr             Tag = 0x0F14
	SearchFreeText       Tag = 0x0F15
	SearchSubstringOp    Tag = 0x0F16
	SearchDeepTraversal  Tag = 0x0F17
	SearchLongId         Tag = 0x0F18
	SearchRebuildResults Tag = 0x0F19
	SearchLessThan       Tag = 0x0F1A
	SearchGreaterThan    Tag = 0x0F1B
	SearchSchema         Tag = 0x0F1C
	SearchSupported      Tag = 0x0F1D
	SearchUserName       Tag = 0x0F1E
	SearchPassword       Tag = 0x0F1F
	SearchConversationId Tag = 0x0F20
	SearchPicture        Tag = 0x0F21
	SearchMaxSize        Tag = 0x0F22
	SearchMaxPictures    Tag = 0x0F23

	GALDisplayName  Tag = 0x1005
	GALPhone        Tag = 0x1006
	GALOffice       Tag = 0x1007
	GALTitle        Tag = 0x1008
	GALCompany      Tag = 0x1009
	GALAlias        Tag = 0x100A
	GALFirstName    Tag = 0x100B
	GALLastName     Tag = 0x100C
	GALHomePhone    Tag = 0x100D
	GALMobilePhone  Tag = 0x100E
	GALEmailAddress Tag = 0x100F
	GALPicture      Tag = 0x1010
	GALStatus       Tag = 0x1011
	GALData         Tag = 0x1012

	AirSyncBaseBodyPreference     Tag = 0x1105
	AirSyncBaseType               Tag = 0x1106
	AirSyncBaseTruncationSize     Tag = 0x1107
	AirSyncBaseAllOrNone          Tag = 0x1108
	AirSyncBaseBody               Tag = 0x110A
	AirSyncBaseData               Tag = 0x110B
	AirSyncBaseEstimatedDataSize  Tag = 0x110C
	AirSyncBaseTruncated          Tag = 0x110D
	AirSyncBaseAttachments        Tag = 0x110E
	AirSyncBaseAttachment         Tag = 0x110F
	AirSyncBaseDisplayName        Tag = 0x1110
	AirSyncBaseFileReference      Tag = 0x1111
	AirSyncBaseMethod             Tag = 0x1112
	AirSyncBaseContentId          Tag = 0x1113
	AirSyncBaseContentLocation    Tag = 0x1114
	AirSyncBaseIsInline           Tag = 0x1115
	AirSyncBaseNativeBodyType     Tag = 0x1116
	AirSyncBaseContentType        Tag = 0x1117
	AirSyncBasePreview            Tag = 0x1118
	AirSyncBaseBodyPartPreference Tag = 0x1119
	AirSyncBaseBodyPart           Tag = 0x111A
	AirSyncBaseStatus             Tag = 0x111B
	AirSyncBaseAdd                Tag = 0x111C
	AirSyncBaseDelete             Tag = 0x111D
	AirSyncBaseClientId           Tag = 0x111E
	AirSyncBaseContent            Tag = 0x111F
	AirSyncBaseLocation           Tag = 0x1120
	AirSyncBaseAnnotation         Tag = 0x1121
	AirSyncBaseStreet             Tag = 0x1122
	AirSyncBaseCity               Tag = 0x1123
	AirSyncBaseState              Tag = 0x1124
	AirSyncBaseCountry            Tag = 0x1125
	AirSyncBasePostalCode         Tag = 0x1126
	AirSyncBaseLatitude           Tag = 0x1127
	AirSyncBaseLongitude          Tag = 0x1128
	AirSyncBaseAccuracy           Tag = 0x1129
	AirSyncBaseAltitude           Tag = 0x112A
	AirSyncBaseAltitudeAccuracy   Tag = 0x112B
	AirSyncBaseLocationUri        Tag = 0x112C
	AirSyncBaseInstanceId         Tag = 0x112D

	SettingsSettings                    Tag = 0x1205
	SettingsStatus                      Tag = 0x1206
	SettingsGet                         Tag = 0x1207
	SettingsSet                         Tag = 0x1208
	SettingsOof                         Tag = 0x1209
	SettingsOofState                    Tag = 0x120A
	SettingsStartTime                   Tag = 0x120B
	SettingsEndTime                     Tag = 0x120C
	SettingsOofMessage                  Tag = 0x120D
	SettingsAppliesToInternal           Tag = 0x120E
	SettingsAppliesToExternalKnown      Tag = 0x120F
	SettingsAppliesToExternalUnknown    Tag = 0x1210
	SettingsEnabled                     Tag = 0x1211
	SettingsReplyMessage                Tag = 0x1212
	SettingsBodyType                    Tag = 0x1213
	SettingsDevicePassword              Tag = 0x1214
	SettingsPassword                    Tag = 0x1215
	SettingsDeviceInformation           Tag = 0x1216
	SettingsModel                       Tag = 0x1217
	SettingsIMEI                        Tag = 0x1218
	SettingsFriendlyName                Tag = 0x1219
	SettingsOS                          Tag = 0x121A
	SettingsOSLanguage                  Tag = 0x121B
	SettingsPhoneNumber                 Tag = 0x121C
	SettingsUserInformation             Tag = 0x121D
	SettingsEmailAddresses              Tag = 0x121E
	SettingsSMTPAddress                 Tag = 0x121F
	SettingsUserAgent                   Tag = 0x1220
	SettingsEnableOutboundSMS           Tag = 0x1221
	SettingsMobileOperator              Tag = 0x1222
	SettingsPrimarySmtpAddress          Tag = 0x1223
	SettingsAccounts                    Tag = 0x1224
	SettingsAccount                     Tag = 0x1225
	SettingsAccountId                   Tag = 0x1226
	SettingsAccountName                 Tag = 0x1227
	SettingsUserDisplayName             Tag = 0x1228
	SettingsSendDisabled                Tag = 0x1229
	SettingsRightsManagementInformation Tag = 0x122B

	DocumentLibraryLinkId           Tag = 0x1305
	DocumentLibraryDisplayName      Tag = 0x1306
	DocumentLibraryIsFolder         Tag = 0x1307
	DocumentLibraryCreationDate     Tag = 0x1308
	DocumentLibraryLastModifiedDate Tag = 0x1309
	DocumentLibraryIsHidden         Tag = 0x130A
	DocumentLibraryContentLength    Tag = 0x130B
	DocumentLibraryContentType      Tag = 0x130C

	ItemOperationsItemOperations      Tag = 0x1405
	ItemOperationsFetch               Tag = 0x1406
	ItemOperationsStore               Tag = 0x1407
	ItemOperationsOptions             Tag = 0x1408
	ItemOperationsRange               Tag = 0x1409
	ItemOperationsTotal               Tag = 0x140A
	ItemOperationsProperties          Tag = 0x140B
	ItemOperationsData                Tag = 0x140C
	ItemOperationsStatus              Tag = 0x140D
	ItemOperationsResponse            Tag = 0x140E
	ItemOperationsVersion             Tag = 0x140F
	ItemOperationsSchema              Tag = 0x1410
	ItemOperationsPart                Tag = 0x1411
	ItemOperationsEmptyFolderContents Tag = 0x1412
	ItemOperationsDeleteSubFolders    Tag = 0x1413
	ItemOperationsUserName            Tag = 0x1414
	ItemOperationsPassword            Tag = 0x1415
	ItemOperationsMove                Tag = 0x1416
	ItemOperationsDstFldId            Tag = 0x1417
	ItemOperationsConversationId      Tag = 0x1418
	ItemOperationsMoveAlways          Tag = 0x1419

	ComposeMailSendMail        Tag = 0x1505
	ComposeMailSmartForward    Tag = 0x1506
	ComposeMailSmartReply      Tag = 0x1507
	ComposeMailSaveInSentItems Tag = 0x1508
	ComposeMailReplaceMime     Tag = 0x1509
	ComposeMailType            Tag = 0x150A
	ComposeMailSource          Tag = 0x150B
	ComposeMailFolderId        Tag = 0x150C
	ComposeMailItemId          Tag = 0x150D
	ComposeMailLongId          Tag = 0x150E
	ComposeMailInstanceId      Tag = 0x150F
	ComposeMailMime            Tag = 0x1510
	ComposeMailClientId        Tag = 0x1511
	ComposeMailStatus          Tag = 0x1512
	ComposeMailAccountId       Tag = 0x1513
	ComposeMailForwardees      Tag = 0x1515
	ComposeMailForwardee       Tag = 0x1516
	ComposeMailName            Tag = 0x1517
	ComposeMailEmail           Tag = 0x1518

	Email2UmCallerID            Tag = 0x1605
	Email2UmUserNotes           Tag = 0x1606
	Email2UmAttDuration         Tag = 0x1607
	Email2UmAttOrder            Tag = 0x1608
	Email2ConversationId        Tag = 0x1609
	Email2ConversationIndex     Tag = 0x160A
	Email2LastVerbExecuted      Tag = 0x160B
	Email2LastVerbExecutionTime Tag = 0x160C
	Email2ReceivedAsBcc         Tag = 0x160D
	Email2Sender                Tag = 0x160E
	Email2CalendarType          Tag = 0x160F
	Email2IsLeapMonth           Tag = 0x1610
	Email2AccountId             Tag = 0x1611
	Email2FirstDayOfWeek        Tag = 0x1612
	Email2MeetingMessageType    Tag = 0x1613
	Email2IsDraft               Tag = 0x1615
	Email2Bcc                   Tag = 0x1616
	Email2Send                  Tag = 0x1617

	NotesSubject          Tag = 0x1705
	NotesMessageClass     Tag = 0x1706
	NotesLastModifiedDate Tag = 0x1707
	NotesCategories       Tag = 0x1708
	NotesCategory         Tag = 0x1709

	RightsManagementRightsManagementSupport          Tag = 0x1805
	RightsManagementRightsManagementTemplates        Tag = 0x1806
	RightsManagementRightsManagementTemplate         Tag = 0x1807
	RightsManagementRightsManagementLicense          Tag = 0x1808
	RightsManagementEditAllowed                      Tag = 0x1809
	RightsManagementReplyAllowed                     Tag = 0x180A
	RightsManagementReplyAllAllowed                  Tag = 0x180B
	RightsManagementForwardAllowed                   Tag = 0x180C
	RightsManagementModifyRecipientsAllowed          Tag = 0x180D
	RightsManagementExtractAllowed                   Tag = 0x180E
	RightsManagementPrintAllowed                     Tag = 0x180F
	RightsManagementExportAllowed                    Tag = 0x1810
	RightsManagementProgrammaticAccessAllowed        Tag = 0x1811
	RightsManagementOwner                            Tag = 0x1812
	RightsManagementContentExpiryDate                Tag = 0x1813
	RightsManagementTemplateID                       Tag = 0x1814
	RightsManagementTemplateName                     Tag = 0x1815
	RightsManagementTemplateDescription              Tag = 0x1816
	RightsManagementContentOwner                     Tag = 0x1817
	RightsManagementRemoveRightsManagementProtection Tag = 0x1818

	FindFind                   Tag = 0x1905
	FindSearchId               Tag = 0x1906
	FindExecuteSearch          Tag = 0x1907
	FindMailBoxSearchCriterion Tag = 0x1908
	FindQuery                  Tag = 0x1909
	FindStatus                 Tag = 0x190A
	FindFreeText               Tag = 0x190B
	FindOptions                Tag = 0x190C
	FindRange                  Tag = 0x190D
	FindDeepTraversal          Tag = 0x190E
	FindResponse               Tag = 0x1911
	FindResult                 Tag = 0x1912
	FindProperties             Tag = 0x1913
	FindPreview                Tag = 0x1914
	FindHasAttachments         Tag = 0x1915
	FindTotal                  Tag = 0x1916
	FindDisplayCc              Tag = 0x1917
	FindDisplayBcc             Tag = 0x1918
	FindGalSearchCriterion     Tag = 0x1919
	FindMaxPictures            Tag = 0x1920
	FindMaxSize                Tag = 0x1921
	FindPicture                Tag = 0x1922
)

const pages = 26

var namespaces = [pages]string{
	0:  "AirSync",
	1:  "Contacts",
	2:  "Email",
	3:  "AirNotify",
	4:  "Calendar",
	5:  "Move",
	6:  "GetItemEstimate",
	7:  "FolderHierarchy",
	8:  "MeetingResponse",
	9:  "Tasks",
	10: "ResolveRecipients",
	11: "ValidateCert",
	12: "Contacts2",
	13: "Ping",
	14: "Provision",
	15: "Search",
	16: "GAL",
	17: "AirSyncBase",
	18: "Settings",
	19: "DocumentLibrary",
	20: "ItemOperations",
	21: "ComposeMail",
	22: "Email2",
	23: "Notes",
	24: "RightsManagement",
	25: "Find",
}

var elements = [pages][64]element{
	0: {
		0x05: {"Sync", 1, 7, 0},
		0x06: {"Responses", 1, 7, 0},
		0x07: {"Add", 1, 7, 0},
		0x08: {"Change", 1, 7, 0},
		0x09: {"Delete", 1, 7, 0},
		0x0A: {"Fetch", 1, 7, 0},
		0x0B: {"SyncKey", 1, 7, 0},
		0x0C: {"ClientId", 1, 7, 0},
		0x0D: {"ServerId", 1, 7, 0},
		0x0E: {"Status", 1, 7, 0},
		0x0F: {"Collection", 1, 7, 0},
		0x10: {"Class", 1, 7, 0},
		0x11: {"Version", 0, 0, 2},
		0x12: {"CollectionId", 1, 7, 0},
		0x13: {"GetChanges", 1, 7, 0},
		0x14: {"MoreAvailable", 1, 7, 0},
		0x15: {"WindowSize", 1, 7, 0},
		0x16: {"Commands", 1, 7, 0},
		0x17: {"Options", 1, 7, 0},
		0x18: {"FilterType", 1, 7, 0},
		0x19: {"Truncation", 0, 0, 2},
		0x1A: {"RTFTruncation", 0, 0, 2},
		0x1B: {"Conflict", 1, 7, 0},
		0x1C: {"Collections", 1, 7, 0},
		0x1D: {"ApplicationData", 1, 7, 0},
		0x1E: {"DeletesAsMoves", 1, 7, 0},
		0x1F: {"NotifyGUID", 0, 0, 2},
		0x20: {"Supported", 1, 7, 0},
		0x21: {"SoftDelete", 1, 7, 0},
		0x22: {"MIMESupport", 1, 7, 0},
		0x23: {"MIMETruncation", 1, 7, 0},
		0x24: {"Wait", 3, 7, 0},
		0x25: {"Limit", 3, 7, 0},
		0x26: {"Partial", 3, 7, 0},
		0x27: {"ConversationMode", 4, 7, 0},
		0x28: {"MaxItems", 4, 7, 0},
		0x29: {"HeartbeatInterval", 4, 7, 0},
	},
	1: {
		0x05: {"Anniversary", 1, 7, 0},
		0x06: {"AssistantName", 1, 7, 0},
		0x07: {"AssistantPhoneNumber", 1, 7, 0},
		0x08: {"Birthday", 1, 7, 0},
		0x09: {"Body", 0, 0, 2},
		0x0A: {"BodySize", 0, 0, 2},
		0x0B: {"BodyTruncated", 0, 0, 2},
		0x0C: {"Business2PhoneNumber", 1, 7, 0},
		0x0D: {"BusinessAddressCity", 1, 7, 0},
		0x0E: {"BusinessAddressCountry", 1, 7, 0},
		0x0F: {"BusinessAddressPostalCode", 1, 7, 0},
		0x10: {"BusinessAddressState", 1, 7, 0},
		0x11: {"BusinessAddressStreet", 1, 7, 0},
		0x12: {"BusinessFaxNumber", 1, 7, 0},
		0x13: {"BusinessPhoneNumber", 1, 7, 0},
		0x14: {"CarPhoneNumber", 1, 7, 0},
		0x15: {"Categories", 1, 7, 0},
		0x16: {"Category", 1, 7, 0},
		0x17: {"Children", 1, 7, 0},
		0x18: {"Child", 1, 7, 0},
		0x19: {"CompanyName", 1, 7, 0},
		0x1A: {"Department", 1, 7, 0},
		0x1B: {"Email1Address", 1, 7, 0},
		0x1C: {"Email2Address", 1, 7, 0},
		0x1D: {"Email3Address", 1, 7, 0},
		0x1E: {"FileAs", 1, 7, 0},
		0x1F: {"FirstName", 1, 7, 0},
		0x20: {"Home2PhoneNumber", 1, 7, 0},
		0x21: {"HomeAddressCity", 1, 7, 0},
		0x22: {"HomeAddressCountry", 1, 7, 0},
		0x23: {"HomeAddressPostalCode", 1, 7, 0},
		0x24: {"HomeAddressState", 1, 7, 0},
		0x25: {"HomeAddressStreet", 1, 7, 0},
		0x26: {"HomeFaxNumber", 1, 7, 0},
		0x27: {"HomePhoneNumber", 1, 7, 0},
		0x28: {"JobTitle", 1, 7, 0},
		0x29: {"LastName", 1, 7, 0},
		0x2A: {"MiddleName", 1, 7, 0},
		0x2B: {"MobilePhoneNumber", 1, 7, 0},
		0x2C: {"OfficeLocation", 1, 7, 0},
		0x2D: {"OtherAddressCity", 1, 7, 0},
		0x2E: {"OtherAddressCountry", 1, 7, 0},
		0x2F: {"OtherAddressPostalCode", 1, 7, 0},
		0x30: {"OtherAddressState", 1, 7, 0},
		0x31: {"OtherAddressStreet", 1, 7, 0},
		0x32: {"PagerNumber", 1, 7, 0},
		0x33: {"RadioPhoneNumber", 1, 7, 0},
		0x34: {"Spouse", 1, 7, 0},
		0x35: {"Suffix", 1, 7, 0},
		0x36: {"Title", 1, 7, 0},
		0x37: {"WebPage", 1, 7, 0},
		0x38: {"YomiCompanyName", 1, 7, 0},
		0x39: {"YomiFirstName", 1, 7, 0},
		0x3A: {"YomiLastName", 1, 7, 0},
		0x3B: {"CompressedRTF", 0, 0, 2},
		0x3C: {"Picture", 1, 7, 0},
		0x3D: {"Alias", 4, 7, 0},
		0x3E: {"WeightedRank", 4, 7, 0},
	},
	2: {
		0x05: {"Attachment", 0, 0, 2},
		0x06: {"Attachments", 0, 0, 2},
		0x07: {"AttName", 0, 0, 2},
		0x08: {"AttSize", 0, 0, 2},
		0x09: {"AttOid", 0, 0, 2},
		0x0A: {"AttMethod", 0, 0, 2},
		0x0B: {"AttRemoved", 0, 0, 2},
		0x0C: {"Body", 0, 0, 2},
		0x0D: {"BodySize", 0, 0, 2},
		0x0E: {"BodyTruncated", 0, 0, 2},
		0x0F: {"DateReceived", 1, 7, 0},
		0x10: {"DisplayName", 0, 0, 2},
		0x11: {"DisplayTo", 1, 7, 0},
		0x12: {"Importance", 1, 7, 0},
		0x13: {"MessageClass", 1, 7, 0},
		0x14: {"Subject", 1, 7, 0},
		0x15: {"Read", 1, 7, 0},
		0x16: {"To", 1, 7, 0},
		0x17: {"Cc", 1, 7, 0},
		0x18: {"From", 1, 7, 0},
		0x19: {"ReplyTo", 1, 7, 0},
		0x1A: {"AllDayEvent", 1, 7, 0},
		0x1B: {"Categories", 4, 7, 0},
		0x1C: {"Category", 4, 7, 0},
		0x1D: {"DtStamp", 1, 7, 0},
		0x1E: {"EndTime", 1, 7, 0},
		0x1F: {"InstanceType", 1, 7, 0},
		0x20: {"BusyStatus", 1, 7, 0},
		0x21: {"Location", 1, 5, 0},
		0x22: {"MeetingRequest", 1, 7, 0},
		0x23: {"Organizer", 1, 7, 0},
		0x24: {"RecurrenceId", 1, 7, 0},
		0x25: {"Reminder", 1, 7, 0},
		0x26: {"ResponseRequested", 1, 7, 0},
		0x27: {"Recurrences", 1, 7, 0},
		0x28: {"Recurrence", 1, 7, 0},
		0x29: {"Type", 1, 7, 0},
		0x2A: {"Until", 1, 7, 0},
		0x2B: {"Occurrences", 1, 7, 0},
		0x2C: {"Interval", 1, 7, 0},
		0x2D: {"DayOfWeek", 1, 7, 0},
		0x2E: {"DayOfMonth", 1, 7, 0},
		0x2F: {"WeekOfMonth", 1, 7, 0},
		0x30: {"MonthOfYear", 1, 7, 0},
		0x31: {"StartTime", 1, 7, 0},
		0x32: {"Sensitivity", 1, 7, 0},
		0x33: {"TimeZone", 1, 7, 0},
		0x34: {"GlobalObjId", 1, 5, 0},
		0x35: {"ThreadTopic", 1, 7, 0},
		0x36: {"MIMEData", 0, 0, 2},
		0x37: {"MIMETruncated", 0, 0, 2},
		0x38: {"MIMESize", 0, 0, 2},
		0x39: {"InternetCPID", 1, 7, 0},
		0x3A: {"Flag", 2, 7, 0},
		0x3B: {"Status", 2, 7, 0},
		0x3C: {"ContentClass", 2, 7, 0},
		0x3D: {"FlagType", 2, 7, 0},
		0x3E: {"CompleteTime", 2, 7, 0},
		0x3F: {"DisallowNewTimeProposal", 4, 7, 0},
	},
	3: {
		0x05: {"Notify", 0, 0, 2},
		0x06: {"Notification", 0, 0, 2},
		0x07: {"Version", 0, 0, 2},
		0x08: {"LifeTime", 0, 0, 2},
		0x09: {"DeviceInfo", 0, 0, 2},
		0x0A: {"Enable", 0, 0, 2},
		0x0B: {"Folder", 0, 0, 2},
		0x0C: {"ServerId", 0, 0, 2},
		0x0D: {"DeviceAddress", 0, 0, 2},
		0x0E: {"ValidCarrierProfiles", 0, 0, 2},
		0x0F: {"CarrierProfile", 0, 0, 2},
		0x10: {"Status", 0, 0, 2},
		0x11: {"Responses", 0, 0, 2},
		0x12: {"Devices", 0, 0, 2},
		0x13: {"Device", 0, 0, 2},
		0x14: {"Id", 0, 0, 2},
		0x15: {"Expiry", 0, 0, 2},
		0x16: {"NotifyGUID", 0, 0, 2},
		0x17: {"DeviceFriendlyName", 0, 0, 2},
	},
	4: {
		0x05: {"Timezone", 1, 7, 0},
		0x06: {"AllDayEvent", 1, 7, 0},
		0x07: {"Attendees", 1, 7, 0},
		0x08: {"Attendee", 1, 7, 0},
		0x09: {"Email", 1, 7, 0},
		0x0A: {"Name", 1, 7, 0},
		0x0B: {"Body", 0, 0, 2},
		0x0C: {"BodyTruncated", 0, 0, 2},
		0x0D: {"BusyStatus", 1, 7, 0},
		0x0E: {"Categories", 1, 7, 0},
		0x0F: {"Category", 1, 7, 0},
		0x10: {"CompressedRTF", 0, 0, 2},
		0x11: {"DtStamp", 1, 7, 0},
		0x12: {"EndTime", 1, 7, 0},
		0x13: {"Exception", 1, 7, 0},
		0x14: {"Exceptions", 1, 7, 0},
		0x15: {"Deleted", 1, 7, 0},
		0x16: {"ExceptionStartTime", 1, 5, 0},
		0x17: {"Location", 1, 5, 0},
		0x18: {"MeetingStatus", 1, 7, 0},
		0x19: {"OrganizerEmail", 1, 7, 0},
		0x1A: {"OrganizerName", 1, 7, 0},
		0x1B: {"Recurrence", 1, 7, 0},
		0x1C: {"Type", 1, 7, 0},
		0x1D: {"Until", 1, 7, 0},
		0x1E: {"Occurrences", 1, 7, 0},
		0x1F: {"Interval", 1, 7, 0},
		0x20: {"DayOfWeek", 1, 7, 0},
		0x21: {"DayOfMonth", 1, 7, 0},
		0x22: {"WeekOfMonth", 1, 7, 0},
		0x23: {"MonthOfYear", 1, 7, 0},
		0x24: {"Reminder", 1, 7, 0},
		0x25: {"Sensitivity", 1, 7, 0},
		0x26: {"Subject", 1, 7, 0},
		0x27: {"StartTime", 1, 7, 0},
		0x28: {"UID", 1, 7, 0},
		0x29: {"AttendeeStatus", 2, 7, 0},
		0x2A: {"AttendeeType", 2, 7, 0},
		0x2B: {"Attachment", 0, 0, 2},
		0x2C: {"Attachments", 0, 0, 2},
		0x2D: {"AttName", 0, 0, 2},
		0x2E: {"AttSize", 0, 0, 2},
		0x2F: {"AttOid", 0, 0, 2},
		0x30: {"AttMethod", 0, 0, 2},
		0x31: {"AttRemoved", 0, 0, 2},
		0x32: {"DisplayName", 0, 0, 2},
		0x33: {"DisallowNewTimeProposal", 4, 7, 0},
		0x34: {"ResponseRequested", 4, 7, 0},
		0x35: {"AppointmentReplyTime", 4, 7, 0},
		0x36: {"ResponseType", 4, 7, 0},
		0x37: {"CalendarType", 4, 7, 0},
		0x38: {"IsLeapMonth", 4, 7, 0},
		0x39: {"FirstDayOfWeek", 5, 7, 0},
		0x3A: {"OnlineMeetingConfLink", 5, 7, 0},
		0x3B: {"OnlineMeetingExternalLink", 5, 7, 0},
		0x3C: {"ClientUid", 6, 7, 0},
	},
	5: {
		0x05: {"MoveItems", 1, 7, 0},
		0x06: {"Move", 1, 7, 0},
		0x07: {"SrcMsgId", 1, 7, 0},
		0x08: {"SrcFldId", 1, 7, 0},
		0x09: {"DstFldId", 1, 7, 0},
		0x0A: {"Response", 1, 7, 0},
		0x0B: {"Status", 1, 7, 0},
		0x0C: {"DstMsgId", 1, 7, 0},
	},
	6: {
		0x05: {"GetItemEstimate", 1, 7, 0},
		0x06: {"Version", 0, 0, 2},
		0x07: {"Collections", 1, 7, 0},
		0x08: {"Collection", 1, 7, 0},
		0x09: {"Class", 1, 3, 0},
		0x0A: {"CollectionId", 1, 7, 0},
		0x0B: {"DateTime", 0, 0, 2},
		0x0C: {"Estimate", 1, 7, 0},
		0x0D: {"Response", 1, 7, 0},
		0x0E: {"Status", 1, 7, 0},
	},
	7: {
		0x05: {"Folders", 1, 3, 0},
		0x06: {"Folder", 1, 3, 0},
		0x07: {"DisplayName", 1, 7, 0},
		0x08: {"ServerId", 1, 7, 0},
		0x09: {"ParentId", 1, 7, 0},
		0x0A: {"Type", 1, 7, 0},
		0x0B: {"Response", 0, 0, 2},
		0x0C: {"Status", 1, 7, 0},
		0x0D: {"ContentClass", 0, 0, 2},
		0x0E: {"Changes", 1, 7, 0},
		0x0F: {"Add", 1, 7, 0},
		0x10: {"Delete", 1, 7, 0},
		0x11: {"Update", 1, 7, 0},
		0x12: {"SyncKey", 1, 7, 0},
		0x13: {"FolderCreate", 1, 7, 0},
		0x14: {"FolderDelete", 1, 7, 0},
		0x15: {"FolderUpdate", 1, 7, 0},
		0x16: {"FolderSync", 1, 7, 0},
		0x17: {"Count", 1, 7, 0},
		0x18: {"Version", 0, 0, 2},
	},
	8: {
		0x05: {"CalendarId", 1, 7, 0},
		0x06: {"CollectionId", 1, 7, 0},
		0x07: {"MeetingResponse", 1, 7, 0},
		0x08: {"RequestId", 1, 7, 0},
		0x09: {"Request", 1, 7, 0},
		0x0A: {"Result", 1, 7, 0},
		0x0B: {"Status", 1, 7, 0},
		0x0C: {"UserResponse", 1, 7, 0},
		0x0D: {"Version", 0, 0, 2},
		0x0E: {"InstanceId", 5, 7, 0},
		0x10: {"ProposedStartTime", 7, 7, 0},
		0x11: {"ProposedEndTime", 7, 7, 0},
		0x12: {"SendResponse", 6, 7, 0},
	},
	9: {
		0x05: {"Body", 0, 0, 2},
		0x06: {"BodySize", 0, 0, 2},
		0x07: {"BodyTruncated", 0, 0, 2},
		0x08: {"Categories", 1, 7, 0},
		0x09: {"Category", 1, 7, 0},
		0x0A: {"Complete", 1, 7, 0},
		0x0B: {"DateCompleted", 1, 7, 0},
		0x0C: {"DueDate", 1, 7, 0},
		0x0D: {"UtcDueDate", 1, 7, 0},
		0x0E: {"Importance", 1, 7, 0},
		0x0F: {"Recurrence", 1, 7, 0},
		0x10: {"Type", 1, 7, 0},
		0x11: {"Start", 1, 7, 0},
		0x12: {"Until", 1, 7, 0},
		0x13: {"Occurrences", 1, 7, 0},
		0x14: {"Interval", 1, 7, 0},
		0x15: {"DayOfMonth", 1, 7, 0},
		0x16: {"DayOfWeek", 1, 7, 0},
		0x17: {"WeekOfMonth", 1, 7, 0},
		0x18: {"MonthOfYear", 1, 7, 0},
		0x19: {"Regenerate", 1, 7, 0},
		0x1A: {"DeadOccur", 1, 7, 0},
		0x1B: {"ReminderSet", 1, 7, 0},
		0x1C: {"ReminderTime", 1, 7, 0},
		0x1D: {"Sensitivity", 1, 7, 0},
		0x1E: {"StartDate", 1, 7, 0},
		0x1F: {"UtcStartDate", 1, 7, 0},
		0x20: {"Subject", 1, 7, 0},
		0x21: {"CompressedRTF", 0, 0, 2},
		0x22: {"OrdinalDate", 2, 7, 0},
		0x23: {"SubOrdinalDate", 2, 7, 0},
		0x24: {"CalendarType", 4, 7, 0},
		0x25: {"IsLeapMonth", 4, 7, 0},
		0x26: {"FirstDayOfWeek", 5, 7, 0},
	},
	10: {
		0x05: {"ResolveRecipients", 1, 7, 0},
		0x06: {"Response", 1, 7, 0},
		0x07: {"Status", 1, 7, 0},
		0x08: {"Type", 1, 7, 0},
		0x09: {"Recipient", 1, 7, 0},
		0x0A: {"DisplayName", 1, 7, 0},
		0x0B: {"EmailAddress", 1, 7, 0},
		0x0C: {"Certificates", 1, 7, 0},
		0x0D: {"Certificate", 1, 7, 0},
		0x0E: {"MiniCertificate", 1, 7, 0},
		0x0F: {"Options", 1, 7, 0},
		0x10: {"To", 1, 7, 0},
		0x11: {"CertificateRetrieval", 1, 7, 0},
		0x12: {"RecipientCount", 1, 7, 0},
		0x13: {"MaxCertificates", 1, 7, 0},
		0x14: {"MaxAmbiguousRecipients", 1, 7, 0},
		0x15: {"CertificateCount", 1, 7, 0},
		0x16: {"Availability", 4, 7, 0},
		0x17: {"StartTime", 4, 7, 0},
		0x18: {"EndTime", 4, 7, 0},
		0x19: {"MergedFreeBusy", 4, 7, 0},
		0x1A: {"Picture", 5, 7, 0},
		0x1B: {"MaxSize", 5, 7, 0},
		0x1C: {"Data", 5, 7, 1},
		0x1D: {"MaxPictures", 5, 7, 0},
	},
	11: {
		0x05: {"ValidateCert", 1, 7, 0},
		0x06: {"Certificates", 1, 7, 0},
		0x07: {"Certificate", 1, 7, 0},
		0x08: {"CertificateChain", 1, 7, 0},
		0x09: {"CheckCRL", 1, 7, 0},
		0x0A: {"Status", 1, 7, 0},
	},
	12: {
		0x05: {"CustomerId", 1, 7, 0},
		0x06: {"GovernmentId", 1, 7, 0},
		0x07: {"IMAddress", 1, 7, 0},
		0x08: {"IMAddress2", 1, 7, 0},
		0x09: {"IMAddress3", 1, 7, 0},
		0x0A: {"ManagerName", 1, 7, 0},
		0x0B: {"CompanyMainPhone", 1, 7, 0},
		0x0C: {"AccountName", 1, 7, 0},
		0x0D: {"NickName", 1, 7, 0},
		0x0E: {"MMS", 1, 7, 0},
	},
	13: {
		0x05: {"Ping", 1, 7, 0},
		0x06: {"AutdState", 0, 0, 2},
		0x07: {"Status", 1, 7, 0},
		0x08: {"HeartbeatInterval", 1, 7, 0},
		0x09: {"Folders", 1, 7, 0},
		0x0A: {"Folder", 1, 7, 0},
		0x0B: {"Id", 1, 7, 0},
		0x0C: {"Class", 1, 7, 0},
		0x0D: {"MaxFolders", 1, 7, 0},
		0x0E: {"Version", 0, 0, 2},
	},
	14: {
		0x05: {"Provision", 1, 7, 0},
		0x06: {"Policies", 1, 7, 0},
		0x07: {"Policy", 1, 7, 0},
		0x08: {"PolicyType", 1, 7, 0},
		0x09: {"PolicyKey", 1, 7, 0},
		0x0A: {"Data", 1, 7, 0},
		0x0B: {"Status", 1, 7, 0},
		0x0C: {"RemoteWipe", 1, 7, 0},
		0x0D: {"EASProvisionDoc", 2, 7, 0},
		0x0E: {"DevicePasswordEnabled", 2, 7, 0},
		0x0F: {"AlphanumericDevicePasswordRequired", 2, 7, 0},
		0x10: {"RequireStorageCardEncryption", 3, 7, 0},
		0x11: {"PasswordRecoveryEnabled", 2, 7, 0},
		0x12: {"DocumentBrowseEnabled", 0, 0, 2},
		0x13: {"AttachmentsEnabled", 2, 7, 0},
		0x14: {"MinDevicePasswordLength", 2, 7, 0},
		0x15: {"MaxInactivityTimeDeviceLock", 2, 7, 0},
		0x16: {"MaxDevicePasswordFailedAttempts", 2, 7, 0},
		0x17: {"MaxAttachmentSize", 2, 7, 0},
		0x18: {"AllowSimpleDevicePassword", 2, 7, 0},
		0x19: {"DevicePasswordExpiration", 2, 7, 0},
		0x1A: {"DevicePasswordHistory", 2, 7, 0},
		0x1B: {"AllowStorageCard", 3, 7, 0},
		0x1C: {"AllowCamera", 3, 7, 0},
		0x1D: {"RequireDeviceEncryption", 3, 7, 0},
		0x1E: {"AllowUnsignedApplications", 3, 7, 0},
		0x1F: {"AllowUnsignedInstallationPackages", 3, 7, 0},
		0x20: {"MinDevicePasswordComplexCharacters", 3, 7, 0},
		0x21: {"AllowWiFi", 3, 7, 0},
		0x22: {"AllowTextMessaging", 3, 7, 0},
		0x23: {"AllowPOPIMAPEmail", 3, 7, 0},
		0x24: {"AllowBluetooth", 3, 7, 0},
		0x25: {"AllowIrDA", 3, 7, 0},
		0x26: {"RequireManualSyncWhenRoaming", 3, 7, 0},
		0x27: {"AllowDesktopSync", 3, 7, 0},
		0x28: {"MaxCalendarAgeFilter", 3, 7, 0},
		0x29: {"AllowHTMLEmail", 3, 7, 0},
		0x2A: {"MaxEmailAgeFilter", 3, 7, 0},
		0x2B: {"MaxEmailBodyTruncationSize", 3, 7, 0},
		0x2C: {"MaxEmailHTMLBodyTruncationSize", 3, 7, 0},
		0x2D: {"RequireSignedSMIMEMessages", 3, 7, 0},
		0x2E: {"RequireEncryptedSMIMEMessages", 3, 7, 0},
		0x2F: {"RequireSignedSMIMEAlgorithm", 3, 7, 0},
		0x30: {"RequireEncryptionSMIMEAlgorithm", 3, 7, 0},
		0x31: {"AllowSMIMEEncryptionAlgorithmNegotiation", 3, 7, 0},
		0x32: {"AllowSMIMESoftCerts", 3, 7, 0},
		0x33: {"AllowBrowser", 3, 7, 0},
		0x34: {"AllowConsumerEmail", 3, 7, 0},
		0x35: {"AllowRemoteDesktop", 3, 7, 0},
		0x36: {"AllowInternetSharing", 3, 7, 0},
		0x37: {"UnapprovedInROMApplicationList", 3, 7, 0},
		0x38: {"ApplicationName", 3, 7, 0},
		0x39: {"ApprovedApplicationList", 3, 7, 0},
		0x3A: {"Hash", 3, 7, 0},
		0x3B: {"AccountOnlyRemoteWipe", 7, 7, 0},
	},
	15: {
		0x05: {"Search", 1, 7, 0},
		0x06: {"Stores", 0, 0, 2},
		0x07: {"Store", 1, 7, 0},
		0x08: {"Name", 1, 7, 0},
		0x09: {"Query", 1, 7, 0},
		0x0A: {"Options", 1, 7, 0},
		0x0B: {"Range", 1, 7, 0},
		0x0C: {"Status", 1, 7, 0},
		0x0D: {"Response", 1, 7, 0},
		0x0E: {"Result", 1, 7, 0},
		0x0F: {"Properties", 1, 7, 0},
		0x10: {"Total", 1, 7, 0},
		0x11: {"EqualTo", 2, 7, 0},
		0x12: {"Value", 2, 7, 0},
		0x13: {"And", 2, 7, 0},
		0x14: {"Or", 2, 7, 0},
		0x15: {"FreeText", 2, 7, 0},
		0x16: {"SubstringOp", 0, 0, 2},
		0x17: {"DeepTraversal", 2, 7, 0},
		0x18: {"LongId", 2, 7, 0},
		0x19: {"RebuildResults", 2, 7, 0},
		0x1A: {"LessThan", 2, 7, 0},
		0x1B: {"GreaterThan", 2, 7, 0},
		0x1C: {"Schema", 0, 0, 2},
		0x1D: {"Supported", 0, 0, 2},
		0x1E: {"UserName", 3, 7, 0},
		0x1F: {"Password", 3, 7, 0},
		0x20: {"ConversationId", 4, 7, 1},
		0x21: {"Picture", 5, 7, 0},
		0x22: {"MaxSize", 5, 7, 0},
		0x23: {"MaxPictures", 5, 7, 0},
	},
	16: {
		0x05: {"DisplayName", 1, 7, 0},
		0x06: {"Phone", 1, 7, 0},
		0x07: {"Office", 1, 7, 0},
		0x08: {"Title", 1, 7, 0},
		0x09: {"Company", 1, 7, 0},
		0x0A: {"Alias", 1, 7, 0},
		0x0B: {"FirstName", 1, 7, 0},
		0x0C: {"LastName", 1, 7, 0},
		0x0D: {"HomePhone", 1, 7, 0},
		0x0E: {"MobilePhone", 1, 7, 0},
		0x0F: {"EmailAddress", 1, 7, 0},
		0x10: {"Picture", 5, 7, 0},
		0x11: {"Status", 5, 7, 0},
		0x12: {"Data", 5, 7, 1},
	},
	17: {
		0x05: {"BodyPreference", 2, 7, 0},
		0x06: {"Type", 2, 7, 0},
		0x07: {"TruncationSize", 2, 7, 0},
		0x08: {"AllOrNone", 2, 7, 0},
		0x0A: {"Body", 2, 7, 0},
		0x0B: {"Data", 2, 7, 0},
		0x0C: {"EstimatedDataSize", 2, 7, 0},
		0x0D: {"Truncated", 2, 7, 0},
		0x0E: {"Attachments", 2, 7, 0},
		0x0F: {"Attachment", 2, 7, 0},
		0x10: {"DisplayName", 2, 7, 0},
		0x11: {"FileReference", 2, 7, 0},
		0x12: {"Method", 2, 7, 0},
		0x13: {"ContentId", 2, 7, 0},
		0x14: {"ContentLocation", 2, 7, 0},
		0x15: {"IsInline", 2, 7, 0},
		0x16: {"NativeBodyType", 2, 7, 0},
		0x17: {"ContentType", 2, 7, 0},
		0x18: {"Preview", 4, 7, 0},
		0x19: {"BodyPartPreference", 5, 7, 0},
		0x1A: {"BodyPart", 5, 7, 0},
		0x1B: {"Status", 5, 7, 0},
		0x1C: {"Add", 6, 7, 0},
		0x1D: {"Delete", 6, 7, 0},
		0x1E: {"ClientId", 6, 7, 0},
		0x1F: {"Content", 6, 7, 1},
		0x20: {"Location", 6, 7, 0},
		0x21: {"Annotation", 6, 7, 0},
		0x22: {"Street", 6, 7, 0},
		0x23: {"City", 6, 7, 0},
		0x24: {"State", 6, 7, 0},
		0x25: {"Country", 6, 7, 0},
		0x26: {"PostalCode", 6, 7, 0},
		0x27: {"Latitude", 6, 7, 0},
		0x28: {"Longitude", 6, 7, 0},
		0x29: {"Accuracy", 6, 7, 0},
		0x2A: {"Altitude", 6, 7, 0},
		0x2B: {"AltitudeAccuracy", 6, 7, 0},
		0x2C: {"LocationUri", 6, 7, 0},
		0x2D: {"InstanceId", 6, 7, 0},
	},
	18: {
		0x05: {"Settings", 2, 7, 0},
		0x06: {"Status", 2, 7, 0},
		0x07: {"Get", 2, 7, 0},
		0x08: {"Set", 2, 7, 0},
		0x09: {"Oof", 2, 7, 0},
		0x0A: {"OofState", 2, 7, 0},
		0x0B: {"StartTime", 2, 7, 0},
		0x0C: {"EndTime", 2, 7, 0},
		0x0D: {"OofMessage", 2, 7, 0},
		0x0E: {"AppliesToInternal", 2, 7, 0},
		0x0F: {"AppliesToExternalKnown", 2, 7, 0},
		0x10: {"AppliesToExternalUnknown", 2, 7, 0},
		0x11: {"Enabled", 2, 7, 0},
		0x12: {"ReplyMessage", 2, 7, 0},
		0x13: {"BodyType", 2, 7, 0},
		0x14: {"DevicePassword", 2, 7, 0},
		0x15: {"Password", 2, 7, 0},
		0x16: {"DeviceInformation", 2, 7, 0},
		0x17: {"Model", 2, 7, 0},
		0x18: {"IMEI", 2, 7, 0},
		0x19: {"FriendlyName", 2, 7, 0},
		0x1A: {"OS", 2, 7, 0},
		0x1B: {"OSLanguage", 2, 7, 0},
		0x1C: {"PhoneNumber", 2, 7, 0},
		0x1D: {"UserInformation", 2, 7, 0},
		0x1E: {"EmailAddresses", 2, 7, 0},
		0x1F: {"SMTPAddress", 2, 7, 0},
		0x20: {"UserAgent", 3, 7, 0},
		0x21: {"EnableOutboundSMS", 4, 7, 0},
		0x22: {"MobileOperator", 4, 7, 0},
		0x23: {"PrimarySmtpAddress", 5, 7, 0},
		0x24: {"Accounts", 5, 7, 0},
		0x25: {"Account", 5, 7, 0},
		0x26: {"AccountId", 5, 7, 0},
		0x27: {"AccountName", 5, 7, 0},
		0x28: {"UserDisplayName", 5, 7, 0},
		0x29: {"SendDisabled", 5, 7, 0},
		0x2B: {"RightsManagementInformation", 5, 7, 0},
	},
	19: {
		0x05: {"LinkId", 2, 7, 0},
		0x06: {"DisplayName", 2, 7, 0},
		0x07: {"IsFolder", 2, 7, 0},
		0x08: {"CreationDate", 2, 7, 0},
		0x09: {"LastModifiedDate", 2, 7, 0},
		0x0A: {"IsHidden", 2, 7, 0},
		0x0B: {"ContentLength", 2, 7, 0},
		0x0C: {"ContentType", 2, 7, 0},
	},
	20: {
		0x05: {"ItemOperations", 2, 7, 0},
		0x06: {"Fetch", 2, 7, 0},
		0x07: {"Store", 2, 7, 0},
		0x08: {"Options", 2, 7, 0},
		0x09: {"Range", 2, 7, 0},
		0x0A: {"Total", 2, 7, 0},
		0x0B: {"Properties", 2, 7, 0},
		0x0C: {"Data", 2, 7, 0},
		0x0D: {"Status", 2, 7, 0},
		0x0E: {"Response", 2, 7, 0},
		0x0F: {"Version", 2, 7, 0},
		0x10: {"Schema", 2, 7, 0},
		0x11: {"Part", 2, 7, 0},
		0x12: {"EmptyFolderContents", 2, 7, 0},
		0x13: {"DeleteSubFolders", 2, 7, 0},
		0x14: {"UserName", 3, 7, 0},
		0x15: {"Password", 3, 7, 0},
		0x16: {"Move", 4, 7, 0},
		0x17: {"DstFldId", 4, 7, 0},
		0x18: {"ConversationId", 4, 7, 1},
		0x19: {"MoveAlways", 4, 7, 0},
	},
	21: {
		0x05: {"SendMail", 4, 7, 0},
		0x06: {"SmartForward", 4, 7, 0},
		0x07: {"SmartReply", 4, 7, 0},
		0x08: {"SaveInSentItems", 4, 7, 0},
		0x09: {"ReplaceMime", 4, 7, 0},
		0x0A: {"Type", 0, 0, 2},
		0x0B: {"Source", 4, 7, 0},
		0x0C: {"FolderId", 4, 7, 0},
		0x0D: {"ItemId", 4, 7, 0},
		0x0E: {"LongId", 4, 7, 0},
		0x0F: {"InstanceId", 4, 7, 0},
		0x10: {"Mime", 4, 7, 1},
		0x11: {"ClientId", 4, 7, 0},
		0x12: {"Status", 4, 7, 0},
		0x13: {"AccountId", 5, 7, 0},
		0x15: {"Forwardees", 6, 7, 0},
		0x16: {"Forwardee", 6, 7, 0},
		0x17: {"Name", 6, 7, 0},
		0x18: {"Email", 6, 7, 0},
	},
	22: {
		0x05: {"UmCallerID", 4, 7, 0},
		0x06: {"UmUserNotes", 4, 7, 0},
		0x07: {"UmAttDuration", 4, 7, 0},
		0x08: {"UmAttOrder", 4, 7, 0},
		0x09: {"ConversationId", 4, 7, 1},
		0x0A: {"ConversationIndex", 4, 7, 1},
		0x0B: {"LastVerbExecuted", 4, 7, 0},
		0x0C: {"LastVerbExecutionTime", 4, 7, 0},
		0x0D: {"ReceivedAsBcc", 4, 7, 0},
		0x0E: {"Sender", 4, 7, 0},
		0x0F: {"CalendarType", 4, 7, 0},
		0x10: {"IsLeapMonth", 4, 7, 0},
		0x11: {"AccountId", 5, 7, 0},
		0x12: {"FirstDayOfWeek", 5, 7, 0},
		0x13: {"MeetingMessageType", 5, 7, 0},
		0x15: {"IsDraft", 6, 7, 0},
		0x16: {"Bcc", 6, 7, 0},
		0x17: {"Send", 6, 7, 0},
	},
	23: {
		0x05: {"Subject", 4, 7, 0},
		0x06: {"MessageClass", 4, 7, 0},
		0x07: {"LastModifiedDate", 4, 7, 0},
		0x08: {"Categories", 4, 7, 0},
		0x09: {"Category", 4, 7, 0},
	},
	24: {
		0x05: {"RightsManagementSupport", 5, 7, 0},
		0x06: {"RightsManagementTemplates", 5, 7, 0},
		0x07: {"RightsManagementTemplate", 5, 7, 0},
		0x08: {"RightsManagementLicense", 5, 7, 0},
		0x09: {"EditAllowed", 5, 7, 0},
		0x0A: {"ReplyAllowed", 5, 7, 0},
		0x0B: {"ReplyAllAllowed", 5, 7, 0},
		0x0C: {"ForwardAllowed", 5, 7, 0},
		0x0D: {"ModifyRecipientsAllowed", 5, 7, 0},
		0x0E: {"ExtractAllowed", 5, 7, 0},
		0x0F: {"PrintAllowed", 5, 7, 0},
		0x10: {"ExportAllowed", 5, 7, 0},
		0x11: {"ProgrammaticAccessAllowed", 5, 7, 0},
		0x12: {"Owner", 5, 7, 0},
		0x13: {"ContentExpiryDate", 5, 7, 0},
		0x14: {"TemplateID", 5, 7, 0},
		0x15: {"TemplateName", 5, 7, 0},
		0x16: {"TemplateDescription", 5, 7, 0},
		0x17: {"ContentOwner", 5, 7, 0},
		0x18: {"RemoveRightsManagementProtection", 5, 7, 0},
	},
	25: {
		0x05: {"Find", 7, 7, 0},
		0x06: {"SearchId", 7, 7, 0},
		0x07: {"ExecuteSearch", 7, 7, 0},
		0x08: {"MailBoxSearchCriterion", 7, 7, 0},
		0x09: {"Query", 7, 7, 0},
		0x0A: {"Status", 7, 7, 0},
		0x0B: {"FreeText", 7, 7, 0},
		0x0C: {"Options", 7, 7, 0},
		0x0D: {"Range", 7, 7, 0},
		0x0E: {"DeepTraversal", 7, 7, 0},
		0x11: {"Response", 7, 7, 0},
		0x12: {"Result", 7, 7, 0},
		0x13: {"Properties", 7, 7, 0},
		0x14: {"Preview", 7, 7, 0},
		0x15: {"HasAttachments", 7, 7, 0},
		0x16: {"Total", 7, 7, 0},
		0x17: {"DisplayCc", 7, 7, 0},
		0x18: {"DisplayBcc", 7, 7, 0},
		0x19: {"GalSearchCriterion", 7, 7, 0},
		0x20: {"MaxPictures", 7, 7, 0},
		0x21: {"MaxSize", 7, 7, 0},
		0x22: {"Picture", 7, 7, 0},
	},
}

// aliases are the names that other implementations print.
var aliases = []alias{
	{"Synchronize", 0x0005},
	{"Replies", 0x0006},
	{"Modify", 0x0008},
	{"Remove", 0x0009},
	{"ClientEntryId", 0x000C},
	{"ServerEntryId", 0x000D},
	{"Folder", 0x000F},
	{"FolderType", 0x0010},
	{"FolderId", 0x0012},
	{"Perform", 0x0016},
	{"RtfTruncation", 0x001A},
	{"Folders", 0x001C},
	{"Data", 0x001D},
	{"AssistantTelephoneNumber", 0x0107},
	{"AssistnamePhoneNumber", 0x0107},
	{"ContactsBody", 0x0109},
	{"ContactsBodySize", 0x010A},
	{"ContactsBodyTruncated", 0x010B},
	{"Business2TelephoneNumber", 0x010C},
	{"BusinessCity", 0x010D},
	{"BusinessCountry", 0x010E},
	{"BusinessPostalCode", 0x010F},
	{"BusinessState", 0x0110},
	{"BusinessStreet", 0x0111},
	{"BusinessTelephoneNumber", 0x0113},
	{"CarTelephoneNumber", 0x0114},
	{"ContactsCategories", 0x0115},
	{"ContactsCategory", 0x0116},
	{"Home2TelephoneNumber", 0x0120},
	{"HomeCity", 0x0121},
	{"HomeCountry", 0x0122},
	{"HomePostalCode", 0x0123},
	{"HomeState", 0x0124},
	{"HomeStreet", 0x0125},
	{"HomeTelephoneNumber", 0x0127},
	{"MobileTelephoneNumber", 0x012B},
	{"OtherCity", 0x012D},
	{"OtherCountry", 0x012E},
	{"OtherPostalCode", 0x012F},
	{"OtherState", 0x0130},
	{"OtherStreet", 0x0131},
	{"RadioTelephoneNumber", 0x0133},
	{"Webpage", 0x0137},
	{"Rtf", 0x013B},
	{"Add0Id", 0x0209},
	{"Att0Id", 0x0209},
	{"AttOId", 0x0209},
	{"CC", 0x0217},
	{"Reply-To", 0x0219},
	{"DTStamp", 0x021D},
	{"IntDBusyStatus", 0x0220},
	{"ResponseRequest", 0x0226},
	{"Recurence", 0x0228},
	{"Recurrence_Type", 0x0229},
	{"Recurrence_Until", 0x022A},
	{"Recurrence_Occurrences", 0x022B},
	{"Recurrence_Interval", 0x022C},
	{"Recurrence_DayOfWeek", 0x022D},
	{"Recurrence_DayOfMonth", 0x022E},
	{"Recurrence_WeekOfMonth", 0x022F},
	{"Recurrence_MonthOfYear", 0x0230},
	{"FlagStatus", 0x023B},
	{"EmailContentClass", 0x023C},
	{"Lifetime", 0x0308},
	{"ServerEntryId", 0x030C},
	{"Replies", 0x0311},
	{"CalTimeZone", 0x0405},
	{"TimeZone", 0x0405},
	{"AllDAyEvent", 0x0406},
	{"CalAllDayEvent", 0x0406},
	{"CalAttendees", 0x0407},
	{"CalAttendee", 0x0408},
	{"Attendee_Email", 0x0409},
	{"CalAttendee_Email", 0x0409},
	{"Attendee_Name", 0x040A},
	{"CalAttendee_Name", 0x040A},
	{"CalBody", 0x040B},
	{"CalBodyTruncated", 0x040C},
	{"CalBusyStatus", 0x040D},
	{"CalCategories", 0x040E},
	{"CalCategory", 0x040F},
	{"CalCompressed_RTF", 0x0410},
	{"Compressed_RTF", 0x0410},
	{"Rtf", 0x0410},
	{"CalDTStamp", 0x0411},
	{"DTStamp", 0x0411},
	{"CalEndTime", 0x0412},
	{"CalException", 0x0413},
	{"CalExceptions", 0x0414},
	{"CalException_IsDeleted", 0x0415},
	{"Exception_Deleted", 0x0415},
	{"CalException_StartTime", 0x0416},
	{"Exception_StartTime", 0x0416},
	{"CalLocation", 0x0417},
	{"CalMeetingStatus", 0x0418},
	{"CalOrganizer_Email", 0x0419},
	{"Organizer_Email", 0x0419},
	{"CalOrganizer_Name", 0x041A},
	{"Organizer_Name", 0x041A},
	{"CalRecurrence", 0x041B},
	{"CalRecurrence_Type", 0x041C},
	{"Recurrence_Type", 0x041C},
	{"CalRecurrence_Until", 0x041D},
	{"Recurrence_Until", 0x041D},
	{"CalRecurrence_Occurrences", 0x041E},
	{"Recurrence_Occurrences", 0x041E},
	{"CalRecurrence_Interval", 0x041F},
	{"Recurrence_Interval", 0x041F},
	{"CalRecurrence_DayOfWeek", 0x0420},
	{"Recurrence_DayOfWeek", 0x0420},
	{"CalRecurrence_DayOfMonth", 0x0421},
	{"Recurrence_DayOfMonth", 0x0421},
	{"CalRecurrence_WeekOfMonth", 0x0422},
	{"Recurrence_WeekOfMonth", 0x0422},
	{"CalRecurrence_MonthOfYear", 0x0423},
	{"Recurrence_MonthOfYear", 0x0423},
	{"CalReminder_MinsBefore", 0x0424},
	{"CalSensitivity", 0x0425},
	{"CalSubject", 0x0426},
	{"CalStartTime", 0x0427},
	{"CalUID", 0x0428},
	{"Attendee_Status", 0x0429},
	{"CalAttendee_Status", 0x0429},
	{"Attendee_Type", 0x042A},
	{"CalAttendee_Type", 0x042A},
	{"CalAttachment", 0x042B},
	{"CalAttachments", 0x042C},
	{"CalAttName", 0x042D},
	{"CalAttSize", 0x042E},
	{"CalAttOid", 0x042F},
	{"CalAttMethod", 0x0430},
	{"CalAttRemoved", 0x0431},
	{"CalDisplayName", 0x0432},
	{"CalDisallowNewTimeProposal", 0x0433},
	{"CalResponseRequested", 0x0434},
	{"CalAppointmentReplyTime", 0x0435},
	{"CalResponseType", 0x0436},
	{"CalCalendarType", 0x0437},
	{"CalIsLeapMonth", 0x0438},
	{"CalFirstDayOfWeek", 0x0439},
	{"CalOnlineMeetingConfLink", 0x043A},
	{"CalOnlineMeetingExternalLink", 0x043B},
	{"Moves", 0x0505},
	{"MoveResponse", 0x050A},
	{"MoveStatus", 0x050B},
	{"Folders", 0x0607},
	{"IECollections", 0x0607},
	{"Folder", 0x0608},
	{"IECollection", 0x0608},
	{"FolderType", 0x0609},
	{"IEClass", 0x0609},
	{"FolderId", 0x060A},
	{"IECollectionId", 0x060A},
	{"IEResponse", 0x060D},
	{"ItemEstimateStatus", 0x060E},
	{"FolderDisplayName", 0x0707},
	{"FolderServerId", 0x0708},
	{"ServerEntryId", 0x0708},
	{"FolderParentId", 0x0709},
	{"FolderResponse", 0x070B},
	{"FolderStatus", 0x070C},
	{"FolderContentClass", 0x070D},
	{"FolderAdd", 0x070F},
	{"Remove", 0x0710},
	{"FolderSyncKey", 0x0712},
	{"FolderFolderCreate", 0x0713},
	{"FolderFolderDelete", 0x0714},
	{"FolderFolderUpdate", 0x0715},
	{"FolderVersion", 0x0718},
	{"CalId", 0x0805},
	{"FolderId", 0x0806},
	{"ReqId", 0x0808},
	{"MeetingResponseResult", 0x080A},
	{"MeetingResponseStatus", 0x080B},
	{"TasksBody", 0x0905},
	{"TasksBodySize", 0x0906},
	{"TasksBodyTruncated", 0x0907},
	{"TasksCategories", 0x0908},
	{"TasksCategory", 0x0909},
	{"UTCDueDate", 0x090D},
	{"TasksImportance", 0x090E},
	{"RecurrenceType", 0x0910},
	{"Recurrence_Type", 0x0910},
	{"RecurrenceStart", 0x0911},
	{"Recurrence_Start", 0x0911},
	{"RecurrenceUntil", 0x0912},
	{"Recurrence_Until", 0x0912},
	{"RecurrenceOccurrences", 0x0913},
	{"Recurrence_Occurrences", 0x0913},
	{"RecurrenceInterval", 0x0914},
	{"Recurrence_Interval", 0x0914},
	{"RecurrenceDOM", 0x0915},
	{"Recurrence_DayOfMonth", 0x0915},
	{"RecurrenceDOW", 0x0916},
	{"Recurrence_DayOfWeek", 0x0916},
	{"RecurrenceWOM", 0x0917},
	{"Recurrence_WeekOfMonth", 0x0917},
	{"RecurrenceMOY", 0x0918},
	{"Recurrence_MonthOfYear", 0x0918},
	{"RecurrenceRegenerate", 0x0919},
	{"Recurrence_Regenerate", 0x0919},
	{"RecurrenceDeadOccur", 0x091A},
	{"Recurrence_DeadOccur", 0x091A},
	{"TasksSensitivity", 0x091D},
	{"UTCStartDate", 0x091F},
	{"TasksSubject", 0x0920},
	{"Rtf", 0x0921},
	{"TasksCompressedRTF", 0x0921},
	{"SubordinalDate", 0x0923},
	{"TasksCalendarType", 0x0924},
	{"TasksIsLeapMonth", 0x0925},
	{"TasksFirstDayOfWeek", 0x0926},
	{"CheckCrl", 0x0B09},
	{"PingStatus", 0x0D07},
	{"LifeTime", 0x0D08},
	{"PingFolders", 0x0D09},
	{"PingFolder", 0x0D0A},
	{"PingId", 0x0D0B},
	{"ServerEntryId", 0x0D0B},
	{"FolderType", 0x0D0C},
	{"PingClass", 0x0D0C},
	{"ProvisionStatus", 0x0E0B},
	{"EASProvidionDoc", 0x0E0D},
	{"DeviceEncryptionEnabled", 0x0E10},
	{"MaxCalendarAgeFilder", 0x0E28},
	{"MaxHTMLBodyTruncationSize", 0x0E2C},
	{"RequireEncryptedSMIMEAlgorithm", 0x0E30},
	{"SearchOptions", 0x0F0A},
	{"SearchStatus", 0x0F0C},
	{"SearchSupported", 0x0F1D},
	{"GalDisplayName", 0x1005},
	{"GalPhone", 0x1006},
	{"GalOffice", 0x1007},
	{"GalTitle", 0x1008},
	{"GalCompany", 0x1009},
	{"GalAlias", 0x100A},
	{"GalFirstName", 0x100B},
	{"GalLastName", 0x100C},
	{"GalHomePhone", 0x100D},
	{"GalMobilePhone", 0x100E},
	{"GalEmailAddress", 0x100F},
	{"GalPicture", 0x1010},
	{"GalStatus", 0x1011},
	{"GalData", 0x1012},
	{"BodyPreferenceType", 0x1106},
	{"BodyPreferenceTruncationSize", 0x1107},
	{"BaseBody", 0x110A},
	{"BaseData", 0x110B},
	{"BaseEstimatedDataSize", 0x110C},
	{"BaseTruncated", 0x110D},
	{"BaseAttachments", 0x110E},
	{"BaseAttachment", 0x110F},
	{"BaseDisplayName", 0x1110},
	{"BaseMethod", 0x1112},
	{"BaseContentId", 0x1113},
	{"BaseContentLocation", 0x1114},
	{"BaseIsInline", 0x1115},
	{"BaseNativeBodyType", 0x1116},
	{"BaseContentType", 0x1117},
	{"BasePreview", 0x1118},
	{"BodyPartReference", 0x1119},
	{"BaseStatus", 0x111B},
	{"Annontation", 0x1121},
	{"SettingsStatus", 0x1206},
	{"SettingsStartTime", 0x120B},
	{"SettingsEndTime", 0x120C},
	{"EmailAddress", 0x121E},
	{"SmtpAddress", 0x121F},
	{"StmpAddress", 0x121F},
	{"AccountsId", 0x1226},
	{"ihsManagementInformation", 0x122B},
	{"Items", 0x1405},
	{"ItemsFetch", 0x1406},
	{"ItemsStore", 0x1407},
	{"ItemsOptions", 0x1408},
	{"ItemsRange", 0x1409},
	{"ItemsTotal", 0x140A},
	{"ItemsProperties", 0x140B},
	{"ItemsData", 0x140C},
	{"ItemsStatus", 0x140D},
	{"ItemsResponse", 0x140E},
	{"ItemsVersion", 0x140F},
	{"ItemsSchema", 0x1410},
	{"ItemsPart", 0x1411},
	{"EmptyFolderContent", 0x1412},
	{"ItemsEmptyFolder", 0x1412},
	{"ItemsDeleteSubFolders", 0x1413},
	{"ItemsUserName", 0x1414},
	{"ItemsPassword", 0x1415},
	{"ItemsMove", 0x1416},
	{"ItemsDstFldId", 0x1417},
	{"ItemsConversationId", 0x1418},
	{"ItemsMoveAlways", 0x1419},
	{"ComposeSource", 0x150B},
	{"ComposeFolderId", 0x150C},
	{"ComposeItemId", 0x150D},
	{"ComposeLongId", 0x150E},
	{"ComposeInstanceId", 0x150F},
	{"ComposeMime", 0x1510},
	{"MIME", 0x1510},
	{"ComposeClientId", 0x1511},
	{"ComposeStatus", 0x1512},
	{"ComposeAccountId", 0x1513},
	{"ForwardeeName", 0x1517},
	{"ForwardeeEmail", 0x1518},
	{"UmCallerId", 0x1605},
	{"RMSupport", 0x1805},
	{"RMTemplates", 0x1806},
	{"RMTemplate", 0x1807},
	{"RMLicense", 0x1808},
	{"RMOwner", 0x1812},
	{"TemplateId", 0x1814},
	{"RemoveRMDistribution", 0x1818},
	{"RemoveRightsManagementDistribution", 0x1818},
	{"GALSearchCriterion", 0x1919},
}
